"""What a request asks for, read from its messages and its JSON schema alone, as a model would."""

import json
import math
import re
from typing import Any, NamedTuple

CHARACTERS_PER_TOKEN = 4
_ITEM = re.compile(r"(?m)^\s*(\d+)[.:)]\s+(.*?)\s*$")


class UnknownTask(ValueError):
    """A request that asks for neither words of captions nor captions of edits."""


class Task(NamedTuple):
    """Numbered items, and the names of the fields that each answer has beside its index."""

    items: list[Any]  # texts, or the objects of JSON items
    fields: frozenset[str]


def read_task(body: dict) -> Task:
    """Return the task of a request's body; UnknownTask for another kind of request."""
    try:
        asked = set(
            body["response_format"]["json_schema"]["schema"]["properties"]["r"]["items"]["properties"]
        )
    except (KeyError, TypeError) as error:
        raise UnknownTask("the request has no JSON schema of numbered items") from error
    return Task([_read_item(text) for text in list_items(body)], frozenset(asked - {"i"}))


def list_items(body: dict) -> list[str]:
    """Return the texts of the numbered lines of the last message; UnknownTask where there are none."""
    try:
        text = body["messages"][-1]["content"]
        found = {int(number): item for number, item in _ITEM.findall(text)}
    except (KeyError, TypeError, IndexError) as error:
        raise UnknownTask("the request has no messages with text") from error
    if not found or sorted(found) != list(range(1, len(found) + 1)):
        raise UnknownTask("the last message has no lines that are numbered from 1")
    return [found[number] for number in sorted(found)]


def _read_item(text: str) -> Any:
    """Return a line's content: a JSON text or object is read, anything else is taken as it stands."""
    if text[:1] in '{"':
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def count_tokens(text: str) -> int:
    """Return the tokens of a text, as estimated from its characters."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def count_input(body: dict) -> int:
    """Return the input tokens of a request's body: its messages and its schema."""
    try:
        texts = [message["content"] for message in body["messages"]]
        schema = body.get("response_format")
        return sum(map(count_tokens, texts)) + (
            count_tokens(json.dumps(schema, separators=(",", ":"))) if schema else 0
        )
    except (KeyError, TypeError):  # not a chat; its bytes will do
        return count_tokens(json.dumps(body))
