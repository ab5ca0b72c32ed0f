"""What an answer line says around its content: its status, what it complains of, the model, the tokens.

A line comes from outside and may be anything. Nothing here raises on one.
"""

import re
from typing import Any, NamedTuple

from unscene.answers.backends import is_offline

# Errors that say nothing about the request: the same body may be sent again.
_TRY_AGAIN = frozenset(["batch_expired", "batch_cancelled", "request_timeout"])
# A filter refused this one request; others of its form are taken.
_FLAGGED = frozenset(
    ["invalid_prompt", "content_filter", "content_policy_violation", "responsibleaipolicyviolation"]
)
# What is said of a field that an endpoint does not take, and the fields that differ from prompt to prompt.
_OF_FORM = frozenset(["unknown_parameter", "unsupported_parameter", "unsupported_value", "model_not_found"])
# The key, its rights and the model are those of all requests.
_OF_ALL = (401, 403, 404, 407)
_OF_PROMPT = frozenset(["messages", "prompt", "input", "max_completion_tokens", "max_tokens"])
LONGEST_REASON = 200
_MOST_TOKENS = 10**8  # of one answer; more is nonsense, and is not booked as told
BROKEN_TEXT = re.compile("[\0\ud800-\udfff]")


class Usage(NamedTuple):
    """Tokens that an answer was billed."""

    input_tokens: int
    output_tokens: int
    cache_write_tokens: int


def may_try_again(answer: object) -> bool:
    """Return whether an answer line only says that the request was not served (expired, rate limit,
    server error).
    """
    if not find_complaint(answer):
        return False
    status = _status(answer)
    if is_flagged(answer):
        return False
    return bool(find_codes(answer) & _TRY_AGAIN) or not status or status in (408, 409, 429) or status >= 500


def is_flagged(answer: object) -> bool:
    """Return whether a filter refused this very request; others of its form may be taken."""
    return _status(answer) in (400, 403, 422, None) and bool(
        {code.lower() for code in find_codes(answer)} & _FLAGGED
    )


def is_of_form(code: str | None, param: str | None) -> bool:
    """Return whether a complaint is about a field that all requests of a prompt share, `temperature`
    say: no single request is at fault, and none was worked on.
    """
    field = re.split(r"[.\[]", (param or "").removeprefix("body."))[0]
    return code in _OF_FORM or bool(field) and field not in _OF_PROMPT


def complains_of_form(answer: object) -> bool:
    """Return whether an answer line complains of what all requests share: such a field (`is_of_form`), the
    key, its rights, the model; and of nothing else.
    """
    status = _status(answer)
    if is_flagged(answer) or (status is not None and not 400 <= status < 500):
        return False
    if status in _OF_ALL:
        return True
    errors = [get_part(answer, "error"), get_body(answer).get("error")]
    told = [(get_part(error, "code"), get_part(error, "param")) for error in errors]
    return any(is_of_form(*(text if isinstance(text, str) else None for text in pair)) for pair in told)


def find_codes(answer: object) -> frozenset[str]:
    """Return the codes and types of the errors that an answer line tells."""
    errors = [get_part(answer, "error"), get_body(answer).get("error")]
    errors += [error.get("innererror") for error in errors if isinstance(error, dict)]
    told = [error.get(name) for error in errors if isinstance(error, dict) for name in ("code", "type")]
    told += errors
    return frozenset(code for code in told if isinstance(code, str) and code)


def find_model(answer: object) -> str:
    """Return the model that an answer line says has answered, as a table can hold it; empty when it
    names none.
    """
    model = get_body(answer).get("model")
    return tell_reason(model) if isinstance(model, str) else ""


def was_served(answer: object) -> bool:
    """Return whether somebody worked on the request, whatever came of it: that costs money."""
    return _status(answer) == 200


def read_usage(answer: object) -> Usage | None:
    """Return what an answer was billed, by its own `usage`; None when that cannot be read.

    Counts in text and whole floats are read; negative, absent and absurd ones are not. Zero tokens
    read are none for an answer that was served.
    """
    told = get_body(answer).get("usage")
    read, written = (read_count(get_part(told, f"{part}_tokens")) for part in ("prompt", "completion"))
    if (
        read is None
        or written is None
        or (not read and was_served(answer) and not is_offline(find_model(answer)))
    ):
        return None
    cached = read_count(get_part(get_part(told, "prompt_tokens_details"), "cache_write_tokens")) or 0
    return Usage(read, written, min(cached, read))


def get_part(value: object, name: str) -> Any:
    """Return what a value has under a name; None where it is no object or has none."""
    return value.get(name) if isinstance(value, dict) else None


def get_body(answer: object) -> dict:
    """Return the body of an answer line's response; empty when it has none."""
    body = get_part(get_part(answer, "response"), "body")
    return body if isinstance(body, dict) else {}


def _status(answer: object) -> int | None:
    status = get_part(get_part(answer, "response"), "status_code")
    if isinstance(status, str) and re.fullmatch(r"\d{3}", status, re.ASCII):
        return int(status)
    return int(status) if type(status) in (int, float) and 0 < status < 1000 else None


def find_complaint(answer: object) -> str:
    """Return what an answer line complains of; empty when it has an answer."""
    error, status = get_part(answer, "error"), _status(answer)
    if not error and status == 200:
        return ""
    error = error or get_body(answer).get("error") or {}
    if not error and not isinstance(get_part(answer, "response"), dict):
        return "status None: neither an answer nor an error came"
    detail = (error.get("code") or error.get("message")) if isinstance(error, dict) else error
    return f"status {status} {show_value(detail)}".strip()


def read_count(value: object, most: int = _MOST_TOKENS) -> int | None:
    """Return a count that a server tells, also from text or a whole float; None for anything else."""
    if isinstance(value, str):
        return read_count(int(value), most) if re.fullmatch(r"\s*\d{1,15}\s*", value, re.ASCII) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= most and value == int(value) else None


def show_value(value: object) -> str:
    """Return a value of a reply as it can be told: of a container its kind alone, which may be deep."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else type(value).__name__


def tell_reason(reason: str) -> str:
    """Return a reason as it can stand in a table: of one line, without characters that none can hold."""
    return " ".join(BROKEN_TEXT.sub("\ufffd", reason[: 2 * LONGEST_REASON]).split())[:LONGEST_REASON]
