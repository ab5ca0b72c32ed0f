"""Send the requests of a stage to the API and collect the answers into the ledger of paid answers."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from unscene.answers.batches.agenda import Agenda, count_ends
from unscene.answers.batches.client import ApiClient, ApiError
from unscene.answers.batches.driver import Clock, Driver, Stopped
from unscene.answers.batches.ledger import (
    LOCAL,
    PATH_TO_STATE,
    Ledger,
    find_folder,
    name_endpoint,
    only_submitter,
)
from unscene.answers.batches.preflight import check_expected, check_model, check_plan, check_prices
from unscene.answers.batches.synchronous import PRICE_FACTOR, ask_each
from unscene.answers.batches.waves import Limits
from unscene.answers.prices import estimate_cost, read_prices
from unscene.answers.prompts import ANSWER_TOKENS, CAPTION_TOKENS, KEYWORD_TOKENS
from unscene.run.tables import write_json

# Tokens of an item in an answer, as expected, by the name of the schema that asks for it.
ITEM_TOKENS = {"caption_words": KEYWORD_TOKENS, "edit_captions": CAPTION_TOKENS}
logger = logging.getLogger("unscene")


def submit_requests(
    paths_to_requests: Iterable,
    path_to_summary,
    path_to_prices,
    api: dict,
    stage: str,
    plan: dict | None = None,
    path_to_state: Path = PATH_TO_STATE,
    clock: Clock | None = None,
) -> None:
    """Drive all requests of a stage to their end, then write a summary: batches, requests, tokens, dollars.

    api: the config block `api`. plan: that of the whole run (estimate_run.make_plan), checked against the budget before a first
    request is sent. Raises driver.ComeBackLater when `api.wait` is false and answers are due; PreflightError or Stopped when a
    person is needed. What is answered is in the ledger in each case.
    """
    clock = clock or Clock()
    prices = read_prices(path_to_prices)
    folder = find_folder(api["base_url"], path_to_state)
    paths = list(paths_to_requests)
    with only_submitter(folder):
        ledger = Ledger(folder)
        try:
            agenda = _make_agenda(paths, ledger, prices, api["attempts"])
            if agenda.open or agenda.under_way:
                if agenda.open and plan is not None:
                    check_plan(plan, api["budget_usd"])
                _drive(ledger, agenda, prices, api, stage, clock)
            write_json(_summarise(ledger, agenda, stage, api), path_to_summary)
        finally:
            ledger.close()


def _make_agenda(paths: list, ledger: Ledger, prices: dict, attempts: int) -> Agenda:
    def price(request: dict) -> tuple[float, float]:
        body = request["body"]
        item_tokens = ITEM_TOKENS[body["response_format"]["json_schema"]["name"]]
        cost = estimate_cost([request], prices, body["model"], item_tokens, ANSWER_TOKENS)
        return cost["usd"], cost["usd_worst"]

    under_way = {
        name for row in ledger.list_batches("submitted") for name in ledger.list_members(row["number"])
    }
    return Agenda(paths, ledger.list_outcomes(), under_way, attempts, price)


def _drive(ledger: Ledger, agenda: Agenda, prices: dict, api: dict, stage: str, clock: Clock) -> None:
    today = datetime.fromtimestamp(clock.now(), UTC).date()
    try:
        client = ApiClient(api["base_url"])
        in_batches = api["mode"] == "batch" or (
            api["mode"] == "auto" and (ledger.list_batches("submitted", "uploaded") or client.has_batches())
        )
        if agenda.open:
            check_prices(prices, agenda.model, today, paid=name_endpoint(api["base_url"]) != LOCAL)
            committed = ledger.sum_usd() + sum(row["worst_usd"] for row in ledger.list_batches("submitted"))
            expected = sum(asked.usd for asked in agenda.open.values()) * (1 if in_batches else PRICE_FACTOR)
            check_expected(expected, committed, api["budget_usd"], len(agenda.open))
            check_model(client, prices, agenda.model, today)
        if in_batches:
            limits = Limits(*(api[name] for name in Limits._fields))
            driver = Driver(
                client,
                ledger,
                agenda,
                prices,
                limits,
                stage,
                clock,
                api["poll_seconds"],
                60 * api["outage_minutes"],
            )
            driver.run(api["wait"])
        else:
            logger.info("the endpoint is asked request by request (api.mode)")
            ask_each(
                client, ledger, agenda, prices, api["budget_usd"], stage, api["concurrency"],
                60 * api["outage_minutes"], clock,
            )  # fmt: skip
    except ApiError as error:
        raise Stopped(f"{error}; answers that are there are kept") from None


def _summarise(ledger: Ledger, agenda: Agenda, stage: str, api: dict) -> dict:
    """Return what a stage came to; its batches are those of this run directory, of earlier configs, too."""
    ends = count_ends(agenda.ended)
    rows = [row for row in ledger.list_batches() if row["stage"] == stage and row["state"] != "dropped"]
    names = (
        "batch_id",
        "status",
        "requests",
        "created_at",
        "usage_input_tokens",
        "usage_output_tokens",
        "note",
        "duplicate_of",
    )
    summary = {
        "stage": stage,
        "endpoint": name_endpoint(api["base_url"]),
        "simulated": name_endpoint(api["base_url"]) == LOCAL,
        "model": agenda.model,
        "requests": len(agenda.originals),
        "followups": agenda.total - len(agenda.originals),
        "ends": ends,
        "batches": [{name: row[name] for name in names} for row in rows],
        **ledger.sum_tokens(stage),
        "usd": round(ledger.sum_usd(stage), 6),
    }
    logger.info("%s: %d requests answered, ends %s, $%.4f", stage, agenda.answered, ends, summary["usd"])
    return summary
