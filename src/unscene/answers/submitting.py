"""Send the requests of a stage to the API and collect the answers into the ledger of paid answers."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from unscene.answers.batches.agenda import Agenda, count_ends
from unscene.answers.batches.announcing import announce_second_payment
from unscene.answers.batches.client import ApiClient, ApiError, NotFound
from unscene.answers.batches.driver import Driver
from unscene.answers.batches.hosts import note_endpoint
from unscene.answers.batches.ledger import Ledger, only_submitter, sum_committed
from unscene.answers.batches.preflight import (
    check_expected,
    check_model,
    check_plan,
    check_prices,
    explain_no_batches,
)
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.synchronous import ask_each
from unscene.answers.batches.terms import Terms
from unscene.answers.endpoints import PATH_TO_STATE, find_endpoint, find_folder
from unscene.answers.prices import PRICE_FACTOR, estimate_cost, find_price, need_price
from unscene.answers.prompts import ANSWER_TOKENS, CAPTION_TOKENS, KEYWORD_TOKENS
from unscene.run.counts import tell_count
from unscene.run.tables import write_json

# Tokens of an item in an answer, as expected, by the name of the schema that asks for it.
ITEM_TOKENS = {"caption_words": KEYWORD_TOKENS, "edit_captions": CAPTION_TOKENS}
# Of a batch, what a stage's summary tells.
_TOLD = (
    "batch_id",
    "status",
    "requests",
    "created_at",
    "usage_input_tokens",
    "usage_output_tokens",
    "note",
    "duplicate_of",
)
logger = logging.getLogger("unscene")


def send_requests(
    paths_to_requests: Iterable[str | Path],
    path_to_summary: str | Path,
    terms: Terms,
    plan: dict | None = None,
    path_to_state: Path = PATH_TO_STATE,
) -> None:
    """Drive all requests of a stage to their end, then write a summary: batches, requests, tokens, dollars.

    plan: that of the whole run, checked against the budget before a first request is sent. Raises
    driver.ComeBackLater when `api.wait` is false and answers are due; PreflightError or Stopped
    when a person is needed. What is answered is in the ledger in each case.
    """
    paths = list(paths_to_requests)
    folder = find_folder(terms.api["base_url"], path_to_state)
    with only_submitter(folder):
        ledger = Ledger(folder)
        try:
            ledger.check()
            note_endpoint(folder, terms.api)
            count, usd = ledger.lose_calls()
            if count:
                logger.warning(
                    "an earlier run ended in %s: up to $%.4f are booked for it",
                    tell_count(count, "call"),
                    usd,
                )
            agenda = _make_agenda(paths, ledger, terms)
            if agenda.open or agenda.under_way:
                _drive(ledger, agenda, terms, plan, paths)
            write_json(_summarise(ledger, agenda, terms), path_to_summary)
        finally:
            ledger.close()


def summarise_answered(
    paths_to_requests: Iterable[str | Path], path_to_summary: str | Path, terms: Terms
) -> bool:
    """Write the summary of a stage whose requests have all come to their end, from the ledger alone; return
    whether they have. Nobody is asked.
    """
    folder = find_folder(terms.api["base_url"], PATH_TO_STATE)
    with only_submitter(folder):
        ledger = Ledger(folder)
        try:
            agenda = _make_agenda(list(paths_to_requests), ledger, terms)
            is_answered = not (agenda.open or agenda.under_way)
            if is_answered:
                write_json(_summarise(ledger, agenda, terms), path_to_summary)
        finally:
            ledger.close()
    return is_answered


def _make_agenda(paths: Iterable[str | Path], ledger: Ledger, terms: Terms) -> Agenda:
    def price(request: dict) -> tuple[float, float]:
        body = request["body"]
        if find_price(terms.prices, body["model"]) is None:
            return 0.0, 0.0  # check_prices says so before anything is sent
        item_tokens = ITEM_TOKENS[body["response_format"]["json_schema"]["name"]]
        cost = estimate_cost([request], terms.prices, body["model"], item_tokens, ANSWER_TOKENS)
        return cost["usd"], cost["usd_worst"]

    return Agenda(paths, ledger.list_outcomes(), ledger.list_under_way(), terms.api["attempts"], price)


def _drive(ledger: Ledger, agenda: Agenda, terms: Terms, plan: dict | None, paths: list) -> None:
    """Collect what is there, then, after the checks, send what is missing."""
    api = terms.api
    in_batches = api["mode"] == "batch"
    try:
        client = ApiClient(api["base_url"], monotonic=terms.clock.monotonic)

        def check() -> None:
            if plan is not None:
                # The plan is of the whole run; in a part the terms have a share of its budget.
                check_plan(plan, plan["api"].get("budget_usd", api["budget_usd"]))
            need_price(terms.prices, agenda.model)  # what is asked below has a price, then
            try:
                announce_second_payment(client if in_batches else None, ledger, agenda, terms, paths)
            except NotFound as error:
                raise explain_no_batches(error, api["base_url"]) from None
            moment = client.server_now()
            today = datetime.fromtimestamp(terms.clock.now() if moment is None else moment, UTC).date()
            check_prices(terms.prices, agenda.model, today, paid=find_endpoint(api["base_url"]).is_paid)
            expected = sum(asked.usd for asked in agenda.open.values()) * (1 if in_batches else PRICE_FACTOR)
            check_expected(expected, sum_committed(ledger.path.parent), api["budget_usd"], len(agenda.open))
            check_model(client, terms.prices, agenda.model, today)

        if in_batches:
            Driver(client, ledger, agenda, terms).run(api["wait"], check)
            return
        if ledger.list_batches("submitted", "uploaded"):
            with suppress(_NoMoreBatches):
                Driver(client, ledger, agenda, terms).run(True, _refuse_batches)
        if agenda.open:
            logger.info("the endpoint is asked request by request (api.mode)")
            check()
            ask_each(client, ledger, agenda, terms)
    except ApiError as error:
        raise Stopped(f"{error}; answers that are there are kept") from None


class _NoMoreBatches(Exception):
    """What is under way is collected; the rest is asked otherwise."""


def _refuse_batches() -> None:
    raise _NoMoreBatches


def _summarise(ledger: Ledger, agenda: Agenda, terms: Terms) -> dict:
    """Return what a stage came to; its batches are those of this run directory, of earlier configs, too."""
    ends, stage = count_ends(agenda.ended), terms.stage
    endpoint = find_endpoint(terms.api["base_url"])
    rows = [row for row in ledger.list_batches() if row["stage"] == stage and row["state"] != "dropped"]
    summary = {
        "stage": stage,
        "endpoint": endpoint.name,
        "simulated": not endpoint.is_paid,
        "model": agenda.model or None,
        "requests": len(agenda.originals),
        "followups": agenda.total - len(agenda.originals),
        "ends": ends,
        "batches": [{name: row[name] for name in _TOLD} for row in rows],
        **ledger.sum_tokens(stage),
        "usd": round(ledger.sum_usd(stage), 6),
    }
    told = ", ".join(f"{count} {end}" for end, count in ends.items() if count) or "none"
    play = "" if endpoint.is_paid else f" of play money: {endpoint.name} takes none"
    logger.info(
        "%s: answered %s (ends: %s), $%.4f%s",
        stage,
        tell_count(agenda.answered, "request"),
        told,
        summary["usd"],
        play,
    )
    return summary
