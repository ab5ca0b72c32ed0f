"""What is wrong with a batch's input file; it comes out after the batch was created."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from batch_server.objects import ACTIVE, StoredBatch
from batch_server.prompts import count_input
from batch_server.results import refuse_body

if TYPE_CHECKING:
    from batch_server.store import Store

REQUIRED = ("custom_id", "method", "url", "body")
MOST_ERRORS = 100


def enqueued_tokens(store: "Store", model: str) -> int:
    """Return the input tokens of a model that are enqueued: ours that were validated and have not
    ended, and those of other runs.
    """
    ours = sum(b.tokens for b in store.batches.values() if b.model == model and b.status in ACTIVE)
    return ours + store.settings.foreign_tokens


def find_errors(store: "Store", batch: StoredBatch) -> Iterator[dict]:
    """Yield the errors of a batch's input, and note its lines, model and tokens.

    Of the codes only missing_required_parameter, token_limit_exceeded and
    billing_hard_limit_reached are known from the real service; a client must not rely on others.
    """
    settings = store.settings
    if batch.fate.error is not None:
        yield batch.fate.error
        return
    if settings.hard_limit_usd is not None and store.bill.usd >= settings.hard_limit_usd:
        yield _error("billing_hard_limit_reached", "Billing hard limit has been reached.")
        return
    if batch.input.path.stat().st_size > settings.max_bytes:
        yield _error("file_too_large", f"The input file is larger than {settings.max_bytes} bytes.")
        return
    tokens, models = 0, []
    seen: set[str] = set()
    offset = 0
    with open(batch.input.path, "rb") as handle:
        for number, text in enumerate(handle, 1):
            start, offset = offset, offset + len(text)
            if not text.strip():
                continue
            line = _parse(text)
            if line is None:
                yield _error("invalid_json_line", "This line is not parseable as valid JSON.", number)
                continue
            lacks = _find_missing(line)
            if lacks is not None:
                yield _error(
                    "missing_required_parameter", f"Missing required parameter: {lacks}.", number, lacks
                )
                continue
            models = models or [line["body"]["model"]]
            yield from _find_faults(line, number, batch.endpoint, models[0], seen)
            if settings.refused_by == "validation" and (refusal := refuse_body(store, line["body"])):
                yield _error(refusal["code"], refusal["message"], number, refusal["param"])
            seen.add(line["custom_id"])
            batch.order.append(start)
            tokens += count_input(line["body"])
    if not batch.order:
        yield _error("empty_file", "The input file is empty.")
        return
    if len(batch.order) > settings.max_requests:
        yield _error("too_many_tasks", f"The input file has more than {settings.max_requests} requests.")
    model = models[0]
    if store.find_model(model) is None:
        yield _error("model_not_found", f"The provided model '{model}' is not supported by the Batch API.")
    waiting = enqueued_tokens(store, model)
    if settings.enqueued_tokens is not None and waiting + tokens > settings.enqueued_tokens:
        yield _error(
            "token_limit_exceeded",
            f"Enqueued token limit reached for {model} in organization org-local. Limit:"
            f" {settings.enqueued_tokens} enqueued tokens. Please try again once some in_progress batches"
            " have been completed.",
        )
    batch.model, batch.tokens = model, tokens


def _parse(text: bytes) -> dict | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _find_missing(line: dict) -> str | None:
    missing = next((name for name in REQUIRED if name not in line), None)
    if missing is None and not (isinstance(line["body"], dict) and "model" in line["body"]):
        return "body.model"
    return missing


def _find_faults(line: dict, number: int, endpoint: str, model: str, seen: set[str]) -> Iterator[dict]:
    body = line["body"]
    if line["custom_id"] in seen:
        message = f"The custom_id '{line['custom_id']}' for this request is a duplicate of another request."
        yield _error("duplicate_custom_id", message, number, "custom_id")
    if line["method"] != "POST" or line["url"] != endpoint:
        message = f"The URL provided for this request does not match the batch endpoint {endpoint}."
        yield _error("mismatched_url", message, number, "url")
    if body.get("stream"):
        yield _error("invalid_request", "Streaming is not supported in a batch.", number, "body.stream")
    if body["model"] != model:
        message = f"The model '{body['model']}' for this request does not match the rest of the batch."
        yield _error("mismatched_model", message, number, "body.model")


def _error(code: str | None, message: str, line: int | None = None, param: str | None = None) -> dict:
    return {"code": code, "line": line, "message": message, "param": param}
