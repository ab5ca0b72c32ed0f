"""Verdicts on answers: whether an answer line is right for the prompt that it answers, item by item.

Nothing here raises on a line: it is an answer, or a verdict with its reason.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydantic import ValidationError

from unscene.answers.batch_lines import read_items
from unscene.answers.envelopes import (
    BROKEN_TEXT,
    find_complaint,
    find_model,
    get_body,
    get_part,
    is_flagged,
    show_value,
    tell_reason,
)
from unscene.answers.results import TWICE, load_json
from unscene.answers.row_schemas import find_reader

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


def judge_answer(answer: object, count: int, schema: dict | None = None) -> Verdict:
    """Check an answer line against its prompt of `count` items.

    In this order: HTTP status, refusal, finish reason, JSON, number of items, indices 1..count once
    each: one such fault fails the whole prompt, because an item that is dropped or counted twice
    shifts the others. Then each item by the schema that was sent, if it is given: one that is not
    of it is a fault of its own, unless none is.
    """
    if answer is None:
        return Verdict("failed", "no answer", "", {})
    body, model = get_body(answer), find_model(answer)
    if complaint := find_complaint(answer):
        status = "refused" if is_flagged(answer) else "failed"
        return Verdict(status, tell_reason(complaint), model, {})
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return _failed(show_value(body.get("unreadable")) or "the body is no chat completion", model)
    if refusal := message.get("refusal"):
        return Verdict("refused", tell_reason(f"refusal: {show_value(refusal)}"), model, {})
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        return Verdict("refused", "content_filter", model, {})
    if not isinstance(finish, str) or finish.strip().lower() != "stop":
        return _failed(f"finish_reason {show_value(finish)}", model)
    rows, fault = _read_rows(message.get("content"))
    if fault := fault or _check_indices(rows, count):
        return _failed(fault, model)
    faults = _check_rows(rows, schema) if schema else {}
    if len(faults) == count:
        return _failed(faults[1], model)
    return Verdict("ok", "", model, {row["i"]: row for row in rows if row["i"] not in faults}, faults)


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


def _failed(reason: str, model: str) -> Verdict:
    return Verdict("failed", tell_reason(reason), model, {})


def _read_rows(content: object) -> tuple[list, str]:
    """Return the rows of an answer's content, and what is wrong with it."""
    if not isinstance(content, str):
        return [], "the content is not JSON of the schema"
    try:
        content = content.strip(_AROUND_CONTENT)
        value = json.loads(content)
        rows = get_part(value, "r")
        if not isinstance(rows, list) or len(value) != 1 or not all(isinstance(row, dict) for row in rows):
            return [], "the content is not JSON of the schema"
        # Every key has its colon: as many colons as keys, and none stood twice. Else look closely.
        if content.count(":") != 1 + sum(map(len, rows)):
            load_json(content)
    except ValueError as error:
        return [], TWICE if str(error) == TWICE else "the content is not JSON of the schema"
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
        return bool(BROKEN_TEXT.search(value))
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
        find_reader(schema["properties"]["r"]["items"]).validate_python(rows)
    except ValidationError as error:
        faults: dict[int, str] = {}
        for one in error.errors(include_url=False, include_context=False):
            index = rows[int(one["loc"][0])]["i"]
            if one["type"] == "literal_error":
                told = f"{show_value(one['input'])!r} is not in the list"
            else:
                told = f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}"
            faults.setdefault(index, tell_reason(told))
        return faults
    except (LookupError, TypeError, ValueError) as error:
        return {
            row["i"]: tell_reason(f"the schema that was sent cannot be checked ({error!r})") for row in rows
        }
    return {}
