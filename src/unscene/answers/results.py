"""Result lines: a line of a result file, whatever it looks like, as an answer or with its fault.

A line comes from outside and may be anything. Nothing here raises on one.
"""

import json
import re
from typing import Any, NamedTuple

from unscene.answers.envelopes import LONGEST_REASON

_DEEPEST = 40  # levels of a line; the content is a text in it
TWICE = "a key stands twice"


class Result(NamedTuple):
    """A line of a result file. `custom_id`: None when it names no request. `answer`: what envelopes
    and verdicts are read from. `text`: the line as it is kept; it can be written as UTF-8. `fault`:
    why it is no answer line, or empty.
    """

    custom_id: str | None
    answer: dict
    text: str
    fault: str


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
        answer, fault = None, (told if told == TWICE else f"the line is no JSON: {told}")[:LONGEST_REASON]
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


def load_json(text: str) -> Any:
    """Return a JSON value; ValueError also when an object has a key twice: which one counts?"""
    return json.loads(text, object_pairs_hook=_make_object)


def _load_object(text: str) -> tuple[Any, str]:
    """Return a JSON value and its text, or the object in a line that has something around it: a mark of
    a stream (`data: `), a comma, a space of another script.
    """
    try:
        return load_json(text), text
    except ValueError as error:
        inner = text[text.find("{") : text.rfind("}") + 1]
        if not inner or inner == text or "\0" in text or str(error) == TWICE:
            raise
        return load_json(inner), inner


def _make_object(pairs: list[tuple[str, Any]]) -> dict:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(TWICE)
    return made


def _is_deep(value: object, room: int = _DEEPEST) -> bool:
    """Return whether a value has more levels than any answer has."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(not room or _is_deep(part, room - 1) for part in parts if isinstance(part, dict | list))
