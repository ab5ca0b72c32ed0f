"""Send the requests of a stage to the API and collect the answers into the ledger of paid answers."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from unscene.answers.batches.agenda import Agenda, count_ends
from unscene.answers.batches.client import ApiClient, ApiError
from unscene.answers.batches.driver import Driver, Stopped
from unscene.answers.batches.ledger import Ledger, only_submitter
from unscene.answers.batches.preflight import check_expected, check_model, check_plan, check_prices
from unscene.answers.batches.synchronous import ask_each
from unscene.answers.batches.terms import Terms
from unscene.answers.endpoints import PATH_TO_STATE, find_endpoint, find_folder
from unscene.answers.prices import PRICE_FACTOR, estimate_cost
from unscene.answers.prompts import ANSWER_TOKENS, CAPTION_TOKENS, KEYWORD_TOKENS
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
    folder = find_folder(terms.api["base_url"], path_to_state)
    with only_submitter(folder):
        ledger = Ledger(folder)
        try:
            agenda = _make_agenda(paths_to_requests, ledger, terms)
            if agenda.open or agenda.under_way:
                if agenda.open and plan is not None:
                    check_plan(plan, terms.limits.budget_usd)
                _drive(ledger, agenda, terms)
            write_json(_summarise(ledger, agenda, terms), path_to_summary)
        finally:
            ledger.close()


def _make_agenda(paths: Iterable[str | Path], ledger: Ledger, terms: Terms) -> Agenda:
    def price(request: dict) -> tuple[float, float]:
        body = request["body"]
        item_tokens = ITEM_TOKENS[body["response_format"]["json_schema"]["name"]]
        cost = estimate_cost([request], terms.prices, body["model"], item_tokens, ANSWER_TOKENS)
        return cost["usd"], cost["usd_worst"]

    under_way = {
        name for row in ledger.list_batches("submitted") for name in ledger.list_members(row["number"])
    }
    return Agenda(paths, ledger.list_outcomes(), under_way, terms.api["attempts"], price)


def _drive(ledger: Ledger, agenda: Agenda, terms: Terms) -> None:
    api, prices = terms.api, terms.prices
    today = datetime.fromtimestamp(terms.clock.now(), UTC).date()
    try:
        client = ApiClient(api["base_url"])
        in_batches = api["mode"] == "batch"
        if agenda.open:
            check_prices(prices, agenda.model, today, paid=find_endpoint(api["base_url"]).is_paid)
            committed = ledger.sum_usd() + sum(row["worst_usd"] for row in ledger.list_batches("submitted"))
            expected = sum(asked.usd for asked in agenda.open.values()) * (1 if in_batches else PRICE_FACTOR)
            check_expected(expected, committed, api["budget_usd"], len(agenda.open))
            check_model(client, prices, agenda.model, today)
        if in_batches:
            Driver(client, ledger, agenda, terms).run(api["wait"])
        else:
            logger.info("the endpoint is asked request by request (api.mode)")
            ask_each(client, ledger, agenda, terms)
    except ApiError as error:
        raise Stopped(f"{error}; answers that are there are kept") from None


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
    logger.info("%s: %d requests answered, ends %s, $%.4f", stage, agenda.answered, ends, summary["usd"])
    return summary
