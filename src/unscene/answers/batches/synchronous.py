"""Asking an endpoint that has no batches: one call a request, a few at once, each answer into the
ledger as it comes.
"""

import json
import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from unscene.answers.batch_lines import canonical_json
from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import ApiClient, RateLimited, Unanswered
from unscene.answers.batches.collecting import enter_answer
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.outcomes import NO_CREDIT, REJECTED, UNSERVED
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.terms import Terms
from unscene.answers.prices import PRICE_FACTOR

_TOLD_EVERY_S = 30
_LONGEST_WAIT_S = 60
logger = logging.getLogger("unscene")


def ask_each(api: ApiClient, ledger: Ledger, agenda: Agenda, terms: Terms) -> None:
    """Ask every open request; raise Stopped when a person is needed.

    Without batches nothing can say afterwards whether a call that was cut off took effect: a
    process that is killed may have to ask its `concurrency` last requests again.
    """
    stage, clock, prices = terms.stage, terms.clock, terms.prices
    budget_usd, concurrency = terms.limits.budget_usd, terms.api["concurrency"]
    running: dict[Future, Asked] = {}
    halt: str | None = None
    silent_since, pause, told = None, 0.0, clock.now()
    with ThreadPoolExecutor(concurrency) as pool:
        while running or (agenda.open and not halt):
            if pause and not running:
                clock.sleep(pause)
                pause = 0.0
            while agenda.open and not halt and not pause and len(running) < concurrency:
                asked = next(iter(agenda.open.values()))
                committed = (
                    ledger.sum_usd()
                    + ledger.sum_worst_usd()
                    + PRICE_FACTOR * sum(one.usd_worst for one in running.values())
                )
                if committed + PRICE_FACTOR * asked.usd_worst > budget_usd:
                    if not running:
                        halt = (
                            f"api.budget_usd ${budget_usd:.2f} is used up (${committed:.4f});"
                            f" {len(agenda.open)} requests wait"
                        )
                    break
                agenda.send([asked.custom_id])
                running[pool.submit(_ask, api, asked)] = asked
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                asked = running.pop(future)
                answer, retry_after = future.result()
                entry = enter_answer(
                    answer, canonical_json(answer), asked.items, agenda.model, prices, PRICE_FACTOR
                )
                outcome, served = entry[1], answer["response"] is not None
                # A call that got no answer, or came too fast, is no attempt of its own: the
                # endpoint is away, the request may be fine.
                if served and (outcome != UNSERVED or answer["response"]["status_code"] != 429):
                    ledger.add_answer(stage, entry)
                    silent_since = None
                else:
                    pause = max(pause, min(_LONGEST_WAIT_S, retry_after if retry_after is not None else 5.0))
                    silent_since = clock.now() if silent_since is None else silent_since
                agenda.revisit([asked.custom_id], ledger.list_outcomes([asked.custom_id]))
                if outcome == NO_CREDIT:
                    halt = "the account has no money left"
                elif outcome == REJECTED:
                    halt = (
                        f"the endpoint calls request {asked.custom_id} wrong: {canonical_json(answer)[:300]}"
                    )
                elif silent_since is not None and clock.now() - silent_since > terms.outage_seconds:
                    halt = (
                        f"the endpoint has not answered for {(clock.now() - silent_since) / 60:.0f} minutes"
                    )
            if clock.now() - told > _TOLD_EVERY_S:
                told = clock.now()
                logger.info(
                    "%s: %d of %d requests answered; $%.4f so far",
                    stage,
                    agenda.answered,
                    agenda.total,
                    ledger.sum_usd(),
                )
    if halt:
        raise Stopped(f"{halt}. Answers are kept: run the same command again when that is seen to")


def _ask(api: ApiClient, asked: Asked) -> tuple[dict, float | None]:
    """Return the answer in the shape of a batch's line, and the seconds that the server wants to be
    left alone.
    """
    try:
        status, body = api.complete(json.loads(asked.read())["body"])
    except RateLimited as error:
        return _line(asked, {"status_code": 429, "request_id": None, "body": {}}, None), error.retry_after
    except Unanswered as error:
        return _line(asked, None, {"code": "request_timeout", "message": str(error)[:200]}), None
    return _line(asked, {"status_code": status, "request_id": None, "body": body}, None), None


def _line(asked: Asked, response: dict | None, error: dict | None) -> dict:
    name = asked.custom_id
    return {"id": f"sync_{name.removeprefix('w-')}", "custom_id": name, "response": response, "error": error}
