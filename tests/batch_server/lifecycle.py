"""How a batch lives: validating, in progress, finalizing, and its ends; what is written and charged at each.

Nothing happens by itself: `settle` brings every batch to the present of the virtual clock, in the
order of the events.
"""

import json
import random
from collections.abc import Callable
from typing import NamedTuple

from batch_server.answerers import UnknownTask
from batch_server.models import find_model
from batch_server.store import ACTIVE, Store, StoredBatch
from unscene.answers.batch_lines import BatchLineError, canonical_json, estimate_tokens, hash_body

REQUIRED = ("custom_id", "method", "url", "body")
_MOST_ERRORS = 100


class Event(NamedTuple):
    """What happens next to a batch, and when."""

    moment: float
    happen: Callable[[Store, StoredBatch, float], None]


def settle(store: Store) -> None:
    """Let everything happen that is due by now."""
    while True:
        due = [
            (event.moment, batch.number, event, batch)
            for batch in store.batches.values()
            if batch.status in ACTIVE and (event := _next_event(store, batch)) and event.moment <= store.now
        ]
        if not due:
            break
        moment, _, event, batch = min(due, key=lambda entry: entry[:2])
        event.happen(store, batch, moment)
    for batch in store.batches.values():
        if batch.status == "in_progress":
            _count(batch, _lines_done(store, batch, store.now))


def cancel(store: Store, batch: StoredBatch) -> bool:
    """Begin to cancel a batch; False when it is past that."""
    if batch.status not in ("validating", "in_progress", "finalizing"):
        return False
    batch.done = len(batch.order) if batch.status == "finalizing" else _lines_done(store, batch, store.now)
    _enter(batch, "cancelling", store.now)
    return True


def enqueued_tokens(store: Store, model: str) -> int:
    """Return the input tokens of a model's batches that passed validation and have not ended."""
    return sum(
        batch.tokens for batch in store.batches.values() if batch.model == model and batch.status in ACTIVE
    )


def _next_event(store: Store, batch: StoredBatch) -> Event | None:
    settings = store.settings
    if batch.status == "cancelling":
        return Event(batch.moments["cancelling"] + settings.cancelling_s, _finish_cancelling)
    if batch.status == "validating":
        event = Event(batch.created_at + settings.validation_s, _validate)
    elif batch.status == "finalizing":
        event = Event(batch.moments["finalizing"] + settings.finalizing_s, _complete)
    elif batch.stall_share is None:
        event = Event(batch.moments["in_progress"] + len(batch.order) / settings.lines_per_s, _finalize)
    else:
        event = Event(float("inf"), _finalize)
    if settings.expires and batch.expires_at <= event.moment:
        return Event(batch.expires_at, _expire)
    return event


def _validate(store: Store, batch: StoredBatch, moment: float) -> None:
    errors = list(_find_errors(store, batch))
    if errors:
        batch.errors, batch.order, batch.model = errors[:_MOST_ERRORS], batch.order[:0], None
        _enter(batch, "failed", moment)
        return
    draw = random.Random(f"{store.answerer.seed}:{batch.number}")
    draw.shuffle(batch.order)
    batch.fails = bytes(draw.random() < batch.line_errors for _ in batch.order)
    _enter(batch, "in_progress", moment)


def _find_errors(store: Store, batch: StoredBatch):
    """Yield the errors of a batch's input, and note its lines, model and tokens.

    Of the codes only missing_required_parameter, token_limit_exceeded and
    billing_hard_limit_reached are known from the real service; a client must not rely on the
    others.
    """
    settings, seen, model, tokens = store.settings, set(), None, 0
    if settings.hard_limit_usd is not None and store.bill.usd >= settings.hard_limit_usd:
        yield _error("billing_hard_limit_reached", "The account has reached its billing hard limit.")
        return
    if batch.input.path.stat().st_size > settings.max_bytes:
        yield _error("file_too_large", f"The input file is larger than {settings.max_bytes} bytes.")
        return
    offset = 0
    with open(batch.input.path, "rb") as handle:
        for number, text in enumerate(handle, 1):
            start, offset = offset, offset + len(text)
            if not text.strip():
                continue
            try:
                line = json.loads(text)
                missing = [name for name in REQUIRED if name not in line]
            except (ValueError, TypeError):
                yield _error("invalid_json_line", "The line is not a JSON object.", number)
                continue
            if not missing and not (isinstance(line["body"], dict) and "model" in line["body"]):
                missing = ["body.model"]
            if missing:
                yield _error(
                    "missing_required_parameter", f"The line lacks {missing[0]}.", number, missing[0]
                )
                continue
            body = line["body"]
            if line["custom_id"] in seen:
                yield _error("duplicate_custom_id", "Another line has this custom_id.", number, "custom_id")
            if line["method"] != "POST" or line["url"] != batch.endpoint:
                yield _error("invalid_url", f"The batch is for POST {batch.endpoint}.", number, "url")
            if body.get("stream"):
                yield _error("invalid_request", "A batch cannot stream.", number, "body.stream")
            model = model or body["model"]
            if body["model"] != model:
                yield _error("mismatched_model", f"The file began with {model}.", number, "body.model")
            seen.add(line["custom_id"])
            batch.order.append(start)
            tokens += _count_input(line)
    if not batch.order:
        yield _error("empty_file", "The input file has no requests.")
        return
    if len(batch.order) > settings.max_requests:
        yield _error("too_many_tasks", f"The input file has more than {settings.max_requests} requests.")
    if find_model(store, model) is None:
        yield _error("model_not_found", f"There is no model {model}.", param="body.model")
    waiting = enqueued_tokens(store, model)
    if settings.enqueued_tokens is not None and waiting + tokens > settings.enqueued_tokens:
        yield _error(
            "token_limit_exceeded",
            f"Enqueued token limit reached for {model}: {settings.enqueued_tokens} allowed, {waiting}"
            f" enqueued, {tokens} more asked for. Try again when batches have ended.",
        )
    batch.model, batch.tokens = model, tokens


def _count_input(line: dict) -> int:
    try:
        return estimate_tokens(line)
    except (KeyError, TypeError):  # not one of ours; its bytes will do
        return len(canonical_json(line["body"])) // 4


def _finalize(store: Store, batch: StoredBatch, moment: float) -> None:
    _count(batch, len(batch.order))
    _enter(batch, "finalizing", moment)


def _complete(store: Store, batch: StoredBatch, moment: float) -> None:
    _write_results(store, batch, len(batch.order), moment, "")
    _enter(batch, "completed", moment)


def _expire(store: Store, batch: StoredBatch, moment: float) -> None:
    done = len(batch.order) if batch.status == "finalizing" else _lines_done(store, batch, moment)
    _write_results(store, batch, done, moment, "batch_expired")
    _enter(batch, "expired", moment)


def _finish_cancelling(store: Store, batch: StoredBatch, moment: float) -> None:
    _write_results(store, batch, batch.done, moment, "batch_cancelled")
    _enter(batch, "cancelled", moment)


def _enter(batch: StoredBatch, status: str, moment: float) -> None:
    batch.status = status
    batch.moments[status] = int(moment)


def _lines_done(store: Store, batch: StoredBatch, moment: float) -> int:
    """Return how many lines were worked on by a moment while in progress."""
    if batch.status != "in_progress":
        return 0
    share = 1.0 if batch.stall_share is None else batch.stall_share
    done = int((moment - batch.moments["in_progress"]) * store.settings.lines_per_s)
    return max(0, min(done, int(share * len(batch.order))))


def _count(batch: StoredBatch, done: int) -> None:
    batch.failed = 0 if batch.line_error == "status_0" else sum(batch.fails[:done])
    batch.completed = done - batch.failed


def _write_results(store: Store, batch: StoredBatch, done: int, moment: float, rest: str) -> None:
    """Write both result files and charge: `done` lines were worked on; the others say the code `rest`."""
    output = store.add_file(f"{batch.id}_output.jsonl", "batch_output", moment, batch.output_seconds)
    error = store.add_file(f"{batch.id}_error.jsonl", "batch_output", moment, batch.output_seconds)
    tokens_in = tokens_out = succeeded = failed = 0
    with open(batch.input.path, "rb") as source, open(output.path, "w") as good, open(error.path, "w") as bad:
        for position, offset in enumerate(batch.order):
            source.seek(offset)
            request = json.loads(source.readline())
            line = {
                "id": f"batch_req_{batch.id[6:18]}{position}",
                "custom_id": request["custom_id"],
                "response": None,
                "error": None,
            }
            if position >= done:
                line["error"] = {"code": rest, "message": "The request was not worked on."}
                bad.write(canonical_json(line) + "\n")
                continue
            line |= _answer(store, batch, request, batch.fails[position])
            response = line["response"] or {}
            if response.get("status_code") == 200:
                body = response["body"]
                body["created"] = int(moment)
                store.bill.charge(request["custom_id"], hash_body(request["body"]), body, batch.id)
                tokens_in += body["usage"]["prompt_tokens"]
                tokens_out += body["usage"]["completion_tokens"]
            fine = response.get("status_code") in (
                200,
                0,
            )  # status 0 passes for a success, as was seen in the wild
            succeeded, failed = succeeded + fine, failed + (not fine)
            (good if fine else bad).write(canonical_json(line) + "\n")
    batch.completed, batch.failed, batch.usage = succeeded, failed, (tokens_in, tokens_out)
    batch.output_file_id, batch.error_file_id = output.id, error.id
    if not succeeded:
        del store.files[output.id]
        batch.output_file_id = None
    if not error.path.stat().st_size:
        del store.files[error.id]
        batch.error_file_id = store.settings.empty_error_file_id


def _answer(store: Store, batch: StoredBatch, request: dict, fails: int) -> dict:
    """Return `response` and `error` of a line that was worked on."""
    request_id = store.make_id("req_")
    if fails and batch.line_error == "request_timeout":
        return {"response": None, "error": {"code": "request_timeout", "message": "The request timed out."}}
    if fails:
        status = int(batch.line_error.removeprefix("status_"))
        body = {"error": {"message": "This failure was asked for.", "type": "server_error", "code": None}}
        return {"response": {"status_code": status, "request_id": request_id, "body": body if status else {}}}
    try:
        status, body = 200, store.answerer.answer(request)
    except (UnknownTask, BatchLineError, KeyError, TypeError, ValueError) as error:
        status = 400
        body = {"error": {"message": str(error), "type": "invalid_request_error", "code": None}}
    return {"response": {"status_code": status, "request_id": request_id, "body": body}}


def _error(code: str, message: str, line: int | None = None, param: str | None = None) -> dict:
    return {"code": code, "line": line, "message": message, "param": param}
