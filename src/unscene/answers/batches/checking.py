"""The live check: one smallest request of the configured endpoint, model and prompt, its answer
read, its bill beside the ledger's.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from unscene.answers.batch_lines import hash_body, write_lines
from unscene.answers.batches.client import ApiClient, ApiError, Silent
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.preflight import PreflightError
from unscene.answers.batches.terms import Clock, Terms
from unscene.answers.endpoints import find_endpoint, find_folder
from unscene.answers.envelopes import find_model, read_usage
from unscene.answers.prices import PRICE_FACTOR, estimate_cost, need_price
from unscene.answers.prompts import ANSWER_TOKENS, caption_item, caption_request, keyword_request
from unscene.answers.submitting import ITEM_TOKENS, send_requests
from unscene.answers.verdicts import judge_answer
from unscene.run.tables import read_json
from unscene.words.word_lists import find_vocabulary

MOST_USD = 0.05
# Somebody waits for a check, so a silent endpoint is told within a minute: `api.outage_minutes` is for runs.
_TRIES, _PAUSE_S, _TIMEOUT_S = 3, 5.0, 10.0
STAGE = "check"
_CAPTION, _OBJECT = "A dog sits on a bench by the lake.", "dog"


def check_endpoint(
    config: dict, prices: dict, stage: str, path_to_state: Path, clock: Clock | None = None
) -> Iterator[str]:
    """Send one request of a stage's prompt and yield, line by line, what came of it.

    It goes the way of all requests (api.mode), into the ledger of the run directory. Raises
    PreflightError when it could cost more than five cents, and when the endpoint is silent; a check
    that is still under way is waited for, not sent again.
    """
    api, clock = config["api"], clock or Clock()
    folder = find_folder(api["base_url"], path_to_state)
    request = _make_request(config, stage)
    body = request["body"]
    item_tokens = ITEM_TOKENS[body["response_format"]["json_schema"]["name"]]
    factor = 1 if api["mode"] == "batch" else PRICE_FACTOR
    cost = estimate_cost([request], prices, body["model"], item_tokens, ANSWER_TOKENS)
    worst_usd = factor * cost["usd_worst"]
    if worst_usd > MOST_USD:
        raise PreflightError(
            f"one request to {body['model']} can cost ${worst_usd:.4f}, more than ${MOST_USD:.2f};"
            " nothing was sent"
        )
    endpoint = find_endpoint(api["base_url"])
    yield f"{endpoint.name}, {body['model']}, api.mode {api['mode']}: one request, ${worst_usd:.4f} at most"
    _call_endpoint(api, clock)
    request["custom_id"] = _choose_name(body, folder)
    path = folder / "check.jsonl"
    write_lines([request], path)
    with closing(Ledger(folder)) as ledger:
        before = ledger.sum_usd(STAGE)
    summary_path = folder / "check.json"
    # What the check spends was asked for by name, so it is no payment to be warned of.
    terms = Terms(STAGE, api | {"wait": True, "pay_again": True}, prices, clock)
    send_requests([path], summary_path, terms, None, path_to_state)
    summary = read_json(summary_path)
    with closing(Ledger(folder)) as ledger:
        line, booked = ledger.find_answer(request["custom_id"]), ledger.sum_usd(STAGE) - before
    answer = json.loads(line) if line else None
    schema = body["response_format"]["json_schema"]["schema"]
    verdict = judge_answer(answer, 1, schema)
    yield f"answer: {verdict.status} {verdict.reason or json.dumps(verdict.items[1], ensure_ascii=False)}"
    yield f"answered by: {find_model(answer) or 'nobody says who'}"
    usage = read_usage(answer)
    expected = f"expected {cost['input_tokens']} and {cost['output_tokens']}"
    if usage is None:
        yield f"tokens: the answer does not tell ({expected}); the worst case is booked"
    else:
        yield f"tokens: {usage.input_tokens} in, {usage.output_tokens} out ({expected})"
    yield f"ledger: ${booked:.6f} (expected ${factor * cost['usd']:.6f})"
    yield _compare(summary, need_price(prices, body["model"]), booked)


def _make_request(config: dict, stage: str) -> dict:
    model = config["api"]["model"]
    if stage == "captions":
        return caption_request(model, [caption_item(_CAPTION, _OBJECT)])
    return keyword_request(model, [_CAPTION], find_vocabulary(config))


def _choose_name(body: dict, folder: Path) -> str:
    """Return the id of a check that is not answered yet, or else a new one. Equal bodies are paid once,
    so each check is a replicate of its own.
    """
    with closing(Ledger(folder)) as ledger:
        replicate = 1
        while ledger.list_outcomes([name := hash_body(body, f"check {replicate}")]):
            replicate += 1
    return name


def _call_endpoint(api: dict, clock: Clock) -> None:
    """Raise PreflightError when nobody replies to a call that only reads.

    Whatever has an HTTP status is a reply: a server without batches may say so with a 500, or with a
    200, and answer requests all the same.
    """
    client = ApiClient(api["base_url"], _TIMEOUT_S, reading_retries=0)
    for turn in range(_TRIES):
        if turn:
            clock.sleep(_PAUSE_S)
        try:
            next(client.list_batches(), None)
            return
        except Silent as error:
            told = error
        except ApiError:
            return
    raise PreflightError(
        f"{told}. It was called {_TRIES} times, and nothing was sent: see to it, or to api.base_url, and"
        f" check again. A run would go on calling for api.outage_minutes ({api['outage_minutes']:g})"
    )


def _compare(summary: dict, price: dict, booked: float) -> str:
    """Return how the tokens that the batch itself names compare with the ledger."""
    batch = next(iter(reversed(summary["batches"])), None)
    if batch is None or batch["usage_input_tokens"] is None:
        return "bill: the endpoint names no tokens beside the answer's; compare with its usage page"
    tokens = batch["usage_input_tokens"], batch["usage_output_tokens"]
    billed = (tokens[0] * price["input"] + tokens[1] * price["output"]) / 1e6
    verdict = "equal" if abs(billed - booked) <= 1e-6 else "NOT EQUAL"
    return f"bill: {tokens[0]} in, {tokens[1]} out, ${billed:.6f} by the batch itself: {verdict}"
