"""Result lines: what an answer line says, whatever it looks like.

A line comes from outside and may be anything. Nothing here raises on one: a line is an answer, or a
verdict with its reason.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
    create_model,
)

from unscene.answers.backends import is_offline
from unscene.answers.batch_lines import read_items

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
_LONGEST_REASON = 200
_DEEPEST = 40  # levels of a line; the content is a text in it
_MOST_TOKENS = 10**8  # of one answer; more is nonsense, and is not booked as told
_BROKEN_TEXT = re.compile("[\0\ud800-\udfff]")
_TWICE = "a key stands twice"
# What may stand around an answer's JSON: a byte order mark, spaces of any kind.
_AROUND_CONTENT = "\ufeff\u200b\u00a0 \t\r\n\v\f"


class Verdict(NamedTuple):
    """What an answer line came to: `status` ok, refused or failed, and the items by their index in
    the prompt. faults: why an item of a prompt that is ok is not among them, by its index.
    """

    status: str
    reason: str
    model: str
    items: dict[int, dict]
    faults: Mapping[int, str] = MappingProxyType({})


class Result(NamedTuple):
    """A line of a result file. `custom_id`: None when it names no request. `answer`: what the
    functions below take. `text`: the line as it is kept; it can be written as UTF-8. `fault`: why
    it is no answer line, or empty.
    """

    custom_id: str | None
    answer: dict
    text: str
    fault: str


class Usage(NamedTuple):
    """Tokens that an answer was billed."""

    input_tokens: int
    output_tokens: int
    cache_write_tokens: int


def read_result(line: str | bytes) -> Result:
    """Read a line of a result file.

    A line that cannot be read, but lets its custom_id be seen, is an answer with an error, so its
    request has a row and is not asked for ever.
    """
    text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    text = text.strip("\ufeff \t\r\n").encode("utf-8", "replace").decode()
    fault = ""
    try:
        answer, text = _load_object(text)
        if _is_deep(answer):
            raise RecursionError
    except ValueError as error:
        told = str(error)
        answer, fault = None, (told if told == _TWICE else f"the line is no JSON: {told}")[:_LONGEST_REASON]
    except RecursionError:
        answer, fault = None, "it is nested too deeply"
    name = answer.get("custom_id") if isinstance(answer, dict) else None
    if isinstance(answer, dict) and isinstance(name, str) and name.strip():
        if name != name.strip():
            name = answer["custom_id"] = name.strip()
            text = json.dumps(answer)
        return Result(name, answer, text, "")
    fault = fault or ("it names no request" if isinstance(answer, dict) else "it is no JSON object")
    names = set(re.findall(r'"custom_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"', text))
    if len(names) != 1:
        return Result(None, {}, text, fault)
    return make_unreadable(names.pop(), fault)


def make_unreadable(custom_id: str, fault: str) -> Result:
    """Return what is kept of a request's line that cannot be read: an answer that was served, and paid,
    to no use.
    """
    response = {"status_code": 200, "body": {"unreadable": fault}}
    kept = {"id": None, "custom_id": custom_id, "response": response, "error": None}
    return Result(custom_id, kept, json.dumps(kept), fault)


def judge_answer(answer: object, count: int, schema: dict | None = None) -> Verdict:
    """Check an answer line against its prompt of `count` items.

    In this order: HTTP status, refusal, finish reason, JSON, number of items, indices 1..count once
    each: one such fault fails the whole prompt, because an item that is dropped or counted twice
    shifts the others. Then each item by the schema that was sent, if it is given: one that is not
    of it is a fault of its own, unless none is.
    """
    if answer is None:
        return Verdict("failed", "no answer", "", {})
    body, model = _body(answer), find_model(answer)
    if complaint := _find_complaint(answer):
        status = "refused" if is_flagged(answer) else "failed"
        return Verdict(status, _tell(complaint), model, {})
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return _failed(_show(body.get("unreadable")) or "the body is no chat completion", model)
    if refusal := message.get("refusal"):
        return Verdict("refused", _tell(f"refusal: {_show(refusal)}"), model, {})
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        return Verdict("refused", "content_filter", model, {})
    if not isinstance(finish, str) or finish.strip().lower() != "stop":
        return _failed(f"finish_reason {_show(finish)}", model)
    rows, fault = _read_rows(message.get("content"))
    if fault := fault or _check_indices(rows, count):
        return _failed(fault, model)
    faults = _check_rows(rows, schema) if schema else {}
    if len(faults) == count:
        return _failed(faults[1], model)
    return Verdict("ok", "", model, {row["i"]: row for row in rows if row["i"] not in faults}, faults)


def may_try_again(answer: object) -> bool:
    """Return whether an answer line only says that the request was not served (expired, rate limit,
    server error).
    """
    if not _find_complaint(answer):
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
    errors = [_get(answer, "error"), _body(answer).get("error")]
    told = [(_get(error, "code"), _get(error, "param")) for error in errors]
    return any(is_of_form(*(text if isinstance(text, str) else None for text in pair)) for pair in told)


def find_codes(answer: object) -> frozenset[str]:
    """Return the codes and types of the errors that an answer line tells."""
    errors = [_get(answer, "error"), _body(answer).get("error")]
    errors += [error.get("innererror") for error in errors if isinstance(error, dict)]
    told = [error.get(name) for error in errors if isinstance(error, dict) for name in ("code", "type")]
    told += errors
    return frozenset(code for code in told if isinstance(code, str) and code)


def find_model(answer: object) -> str:
    """Return the model that an answer line says has answered, as a table can hold it; empty when it
    names none.
    """
    model = _body(answer).get("model")
    return _tell(model) if isinstance(model, str) else ""


def was_served(answer: object) -> bool:
    """Return whether somebody worked on the request, whatever came of it: that costs money."""
    return _status(answer) == 200


def read_usage(answer: object) -> Usage | None:
    """Return what an answer was billed, by its own `usage`; None when that cannot be read.

    Counts in text and whole floats are read; negative, absent and absurd ones are not. Zero tokens
    read are none for an answer that was served.
    """
    told = _body(answer).get("usage")
    read, written = (read_count(_get(told, f"{part}_tokens")) for part in ("prompt", "completion"))
    if (
        read is None
        or written is None
        or (not read and was_served(answer) and not is_offline(find_model(answer)))
    ):
        return None
    cached = read_count(_get(_get(told, "prompt_tokens_details"), "cache_write_tokens")) or 0
    return Usage(read, written, min(cached, read))


def judge_prompts(requests: Iterable[dict], answers: dict[str, dict]) -> Iterator[tuple[list[str], Verdict]]:
    """Yield the items of each request, and the verdict on its answer by the schema it was sent with."""
    for request in requests:
        items = read_items(request)
        schema = request["body"]["response_format"]["json_schema"]["schema"]
        verdict = judge_answer(answers.get(request["custom_id"]), len(items), schema)
        yield items, verdict._replace(model=verdict.model or request["body"]["model"])


def merge_verdicts(prompts: Iterable[tuple[list[str], Verdict]]) -> dict[str, Verdict]:
    """Return the verdict on each item text: a Verdict whose `items` holds that item alone.

    A text that several prompts hold gets its first ok verdict, or else the last one: of the
    smallest prompt it came down to.
    """
    verdicts: dict[str, Verdict] = {}
    for items, verdict in prompts:
        for i, item in enumerate(items, 1):
            if item not in verdicts or verdicts[item].status != "ok":
                if i in verdict.faults:
                    verdicts[item] = _failed(verdict.faults[i], verdict.model)
                else:
                    verdicts[item] = verdict._replace(items={i: verdict.items[i]} if verdict.items else {})
    return verdicts


def judge_items(requests: Iterable[dict], answers: dict[str, dict]) -> dict[str, Verdict]:
    """Return the verdict on each item text of the requests; see `merge_verdicts`."""
    return merge_verdicts(judge_prompts(requests, answers))


# --- the envelope


def _load(text: str) -> Any:
    """Return a JSON value; ValueError also when an object has a key twice: which one counts?"""
    return json.loads(text, object_pairs_hook=_make_object)


def _load_object(text: str) -> tuple[Any, str]:
    """Return a JSON value and its text, or the object in a line that has something around it: a mark of
    a stream (`data: `), a comma, a space of another script.
    """
    try:
        return _load(text), text
    except ValueError as error:
        inner = text[text.find("{") : text.rfind("}") + 1]
        if not inner or inner == text or "\0" in text or str(error) == _TWICE:
            raise
        return _load(inner), inner


def _make_object(pairs: list[tuple[str, Any]]) -> dict:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(_TWICE)
    return made


def _is_deep(value: object, room: int = _DEEPEST) -> bool:
    """Return whether a value has more levels than any answer has."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(not room or _is_deep(part, room - 1) for part in parts if isinstance(part, dict | list))


def _get(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _body(answer: object) -> dict:
    body = _get(_get(answer, "response"), "body")
    return body if isinstance(body, dict) else {}


def _status(answer: object) -> int | None:
    status = _get(_get(answer, "response"), "status_code")
    if isinstance(status, str) and re.fullmatch(r"\d{3}", status, re.ASCII):
        return int(status)
    return int(status) if type(status) in (int, float) and 0 < status < 1000 else None


def _find_complaint(answer: object) -> str:
    """Return what an answer line complains of; empty when it has an answer."""
    error, status = _get(answer, "error"), _status(answer)
    if not error and status == 200:
        return ""
    error = error or _body(answer).get("error") or {}
    if not error and not isinstance(_get(answer, "response"), dict):
        return "status None: neither an answer nor an error came"
    detail = (error.get("code") or error.get("message")) if isinstance(error, dict) else error
    return f"status {status} {_show(detail)}".strip()


def read_count(value: object, most: int = _MOST_TOKENS) -> int | None:
    """Return a count that a server tells, also from text or a whole float; None for anything else."""
    if isinstance(value, str):
        return read_count(int(value), most) if re.fullmatch(r"\s*\d{1,15}\s*", value, re.ASCII) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= most and value == int(value) else None


def _show(value: object) -> str:
    """Return a value of a reply as it can be told: of a container its kind alone, which may be deep."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else type(value).__name__


def _tell(reason: str) -> str:
    """Return a reason as it can stand in a table: of one line, without characters that none can hold."""
    return " ".join(_BROKEN_TEXT.sub("\ufffd", reason[: 2 * _LONGEST_REASON]).split())[:_LONGEST_REASON]


def _failed(reason: str, model: str) -> Verdict:
    return Verdict("failed", _tell(reason), model, {})


# --- the content


def _read_rows(content: object) -> tuple[list, str]:
    """Return the rows of an answer's content, and what is wrong with it."""
    if not isinstance(content, str):
        return [], "the content is not JSON of the schema"
    try:
        content = content.strip(_AROUND_CONTENT)
        value = json.loads(content)
        rows = _get(value, "r")
        if not isinstance(rows, list) or len(value) != 1 or not all(isinstance(row, dict) for row in rows):
            return [], "the content is not JSON of the schema"
        # Every key has its colon: as many colons as keys, and none stood twice. Else look closely.
        if content.count(":") != 1 + sum(map(len, rows)):
            _load(content)
    except ValueError as error:
        return [], _TWICE if str(error) == _TWICE else "the content is not JSON of the schema"
    except RecursionError:
        return [], "the content is nested too deeply"
    # Only an escape, or a character beyond ASCII, can be one that no text may hold.
    try:
        if ("\\u" in content or not content.isascii()) and _is_broken(rows):
            return [], "the content has a character that no text can hold"
    except RecursionError:
        return [], "the content is nested too deeply"
    return rows, ""


def _is_broken(value: object) -> bool:
    if isinstance(value, str):
        return bool(_BROKEN_TEXT.search(value))
    if isinstance(value, dict):
        return any(map(_is_broken, value)) or any(map(_is_broken, value.values()))
    return isinstance(value, list) and any(map(_is_broken, value))


def _check_indices(rows: list[dict], count: int) -> str:
    """Return what is wrong with the number of an answer's rows or with their indices, or nothing."""
    if len(rows) != count:
        return f"{len(rows)} items for {count}"
    found = [row.get("i") for row in rows]
    if any(type(i) is not int for i in found) or set(found) != set(range(1, count + 1)):
        return f"indices are not 1 to {count}, once each"
    return ""


def _check_rows(rows: list[dict], schema: dict) -> dict[int, str]:
    """Return what is wrong with each row that is not of the schema, by its index in the prompt."""
    try:
        _find_reader(schema["properties"]["r"]["items"]).validate_python(rows)
    except ValidationError as error:
        faults: dict[int, str] = {}
        for one in error.errors(include_url=False, include_context=False):
            index = rows[int(one["loc"][0])]["i"]
            if one["type"] == "literal_error":
                told = f"{_show(one['input'])!r} is not in the list"
            else:
                told = f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}"
            faults.setdefault(index, _tell(told))
        return faults
    except (LookupError, TypeError, ValueError) as error:
        return {row["i"]: _tell(f"the schema that was sent cannot be checked ({error!r})") for row in rows}
    return {}


# --- the schema that was sent

# The last row schemas and their readers. Those of a stage's requests are equal, but each is an
# object of its own, read from a file; to compare them is ten times cheaper than to write one as text.
_readers: list[tuple[dict, TypeAdapter]] = []
_MOST_READERS = 4
_PLAIN_TYPES = {
    "string": StrictStr,
    "integer": StrictInt,
    "number": StrictFloat | StrictInt,
    "boolean": StrictBool,
}


def _find_reader(row_schema: dict) -> TypeAdapter:
    for position, (known, reader) in enumerate(_readers):
        if known == row_schema:
            if position:
                _readers.insert(0, _readers.pop(position))
            return reader
    row: Any = _make_type(row_schema, "Row")
    reader = TypeAdapter(list[row])
    _readers.insert(0, (row_schema, reader))
    del _readers[_MOST_READERS:]
    return reader


def _make_type(schema: dict, name: str) -> Any:
    """Return the type of values of a JSON schema: the part of the standard that strict mode allows
    and our requests use. ValueError for another: a request must not ask for what is not checked.
    """
    told = {key: value for key, value in schema.items() if key not in ("description", "title")}
    kind = told.pop("type", None)
    if choices := told.pop("enum", None):
        made: Any = Literal[tuple(choices)]
    elif kind == "object":
        required, parts = set(told.pop("required", ())), told.pop("properties")
        if told.pop("additionalProperties", None) is not False or required != set(parts):
            raise ValueError(f"{name}: strict mode wants all properties required, and no others")
        fields: dict[str, Any] = {key: (_make_type(part, key), ...) for key, part in parts.items()}
        made = create_model(name, __config__=ConfigDict(extra="forbid", strict=True), **fields)
    elif kind == "array":
        room = Field(min_length=told.pop("minItems", None), max_length=told.pop("maxItems", None))
        entry: Any = _make_type(told.pop("items"), name)
        made = Annotated[list[entry], room]
    else:
        made = _PLAIN_TYPES[kind]
    if told:
        raise ValueError(f"{name}: a schema with {', '.join(sorted(told))} cannot be checked")
    return made
