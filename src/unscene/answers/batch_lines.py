"""Batch lines: requests and answers of keywords and captions in the format of OpenAI's Batch API.

Whoever answers, a request is a line as uploaded and an answer a line as downloaded. A request's
`custom_id` is the hash of its body, so equal bodies are asked, and paid, once.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from unscene.run.stops import KnownStop
from unscene.run.tables import replaced_atomically

URL = "/v1/chat/completions"


class BatchLineError(KnownStop, ValueError):
    """A request or answer file that is not made of batch lines."""


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and fixed separators: the same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_body(body: dict, replicate: int | str = 0) -> str:
    """Return the custom_id of a request body: `w-` and 32 hex digits of its SHA-256.

    Equal bodies have one id and are asked once. A `replicate` other than 0 is hashed in: the same
    body, asked again on purpose.
    """
    hashed = {"body": body, "url": URL} | ({"replicate": replicate} if replicate else {})
    return "w-" + hashlib.sha256(canonical_json(hashed).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def build_request(
    model: str,
    system: str,
    items: list[str],
    name: str,
    item_schema: dict,
    tokens_per_item: int,
    replicate: int = 0,
) -> dict:
    """Return a request line that asks for one answer per item, numbered from 1, in a strict JSON schema.

    The answer is `{"r": [{"i": 1, ...}, ...]}`; `item_schema` has the properties beside `i`.
    replicate: see `hash_body`.
    """
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["r"],
        "properties": {
            "r": {
                "type": "array",
                "minItems": len(items),
                "maxItems": len(items),
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["i", *item_schema],
                    "properties": {"i": {"type": "integer"}, **item_schema},
                },
            }
        },
    }
    body = {
        "model": model,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": "\n".join(f"{i}. {item}" for i, item in enumerate(items, 1))},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": name, "strict": True, "schema": schema},
        },
        "max_completion_tokens": 64 + tokens_per_item * len(items),
        "store": False,
        **model_profile(model),
    }
    return {"custom_id": hash_body(body, replicate), "method": "POST", "url": URL, "body": body}


def model_profile(model: str) -> dict:
    """Return the body's parameters that depend on the family of a model.

    Models that reason get reasoning off (hidden reasoning is billed as output); from GPT-5.6 on an
    implicit cache write at the end of the prompt costs 1.25 times the input, so only explicit cache
    points are allowed. Others get temperature 0.
    """
    version = re.match(r"gpt-(\d+)(?:\.(\d+))?(?![\d.]*o)", model)
    number = (int(version[1]), int(version[2] or 0)) if version else (0, 0)
    if number >= (5, 6):
        return {"reasoning_effort": "none", "verbosity": "low", "prompt_cache_options": {"mode": "explicit"}}
    if number >= (5, 1):
        return {"reasoning_effort": "none", "verbosity": "low"}
    if number >= (5, 0):
        return {"reasoning_effort": "minimal", "verbosity": "low"}
    return {"temperature": 0}


def read_items(request: dict) -> list[str]:
    """Return the items of a request, read from its body as a model reads them."""
    lines = request["body"]["messages"][-1]["content"].split("\n")
    items = []
    for position, line in enumerate(lines, 1):
        number, _, item = line.partition(". ")
        if number != str(position):
            raise BatchLineError(
                f"request {request['custom_id']}: line {position} of its prompt does not begin with"
                f" {position}."
            )
        items.append(item)
    return items


def flatten(text: str) -> str:
    """Return a text on one line with single spaces: how captions stand in prompts."""
    return " ".join(str(text).split())


def spread(texts: Iterable[tuple[str, Iterable[str]]], size: int) -> Iterator[list[str]]:
    """Cut texts into prompts of at most `size` so that two texts of one photo never share a prompt;
    yield each when it is full.

    `texts` holds pairs of a text and the photos it belongs to. The first prompt with room and none
    of the photos takes the text; prompts come in the order in which they were begun. Time grows
    with the texts, also when one photo has thousands.
    """
    begun: list[list[str]] = []  # empty: handed out
    held: list[set[str]] = []  # photos in each prompt that has room
    room = [0]  # leads to the first prompt with room at or after a number; the last one is yet to be begun
    tried: dict[str, int] = {}  # no prompt before this number can take another text of the photo
    ready = 0

    def find_room(number: int) -> int:
        while room[number] != number:
            room[number] = room[room[number]]
            number = room[number]
        return number

    for text, photos in texts:
        photos = set(photos)
        number = find_room(max((tried.get(photo, 0) for photo in photos), default=0))
        while number < len(begun) and not held[number].isdisjoint(photos):
            number = find_room(number + 1)
        if number == len(begun):
            begun.append([])
            held.append(set())
            room.append(number + 1)
        begun[number].append(text)
        held[number] |= photos
        if len(photos) == 1:
            tried[next(iter(photos))] = number + 1
        if len(begun[number]) == size:
            room[number], held[number] = number + 1, set()
            while ready < len(begun) and room[ready] != ready:
                yield begun[ready]
                begun[ready] = []
                ready += 1
    yield from begun[ready:]


def build_answer(request: dict, model: str, items: list[dict]) -> dict:
    """Return the answer line of an offline backend: the shape of a downloaded line, with nothing billed."""
    content = canonical_json({"r": [{"i": i, **item} for i, item in enumerate(items, 1)]})
    key = request["custom_id"].removeprefix("w-")
    body = {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }
    return {
        "id": f"batch_req_{key}",
        "custom_id": request["custom_id"],
        "response": {"status_code": 200, "request_id": f"req_{key}", "body": body},
        "error": None,
    }


def estimate_tokens(request: dict, at_most: bool = False) -> int:
    """Return the input tokens of a request, schema included: as expected, or at most.

    Expected: within 5 % of o200k's count for English (docs/BATCHES.md has the figures). At most:
    a byte of an item is a token, and no tokenizer that works on bytes makes more of it in any
    script; the rules and the schema, our own text, have 3 characters a token at least.
    """
    *rules, prompt = (message["content"] for message in request["body"]["messages"])
    schema = request["body"]["response_format"]["json_schema"]["schema"]
    own = [_measure_text(text) for text in rules] + [_measure_schema(schema)]
    if at_most:
        return _FRAME_TOKENS + len(prompt.encode("utf-8", "surrogatepass")) + sum(one.most for one in own)
    return math.ceil(_count_tokens(prompt) + sum(one.expected for one in own))


def read_lines(path: str | Path) -> Iterator[dict]:
    """Yield the JSON lines of a file; BatchLineError names the file and the line that is not JSON
    or has no custom_id.
    """
    with open(path, encoding="utf-8") as handle:
        for number, text in enumerate(handle, 1):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
                line["custom_id"]
            except (ValueError, KeyError, TypeError) as error:
                raise BatchLineError(f"{path}, line {number}: is no batch line ({error})") from error
            yield line


def write_lines(lines: Iterable[dict], path: str | Path) -> int:
    """Write batch lines, each custom_id once, atomically; return how many."""
    seen: set[str] = set()
    with replaced_atomically(path) as temporary, open(temporary, "w", encoding="utf-8") as handle:
        for line in lines:
            if line["custom_id"] not in seen:
                seen.add(line["custom_id"])
                handle.write(_write_line(line) + "\n")
    return len(seen)


def index_answers(path: str | Path) -> dict[str, dict]:
    """Return the answer lines of a file by custom_id."""
    return {line["custom_id"]: line for line in read_lines(path)}


def _write_line(line: dict) -> str:
    """Return a line's JSON; one with half of a surrogate pair, which UTF-8 cannot hold, in escapes."""
    text = canonical_json(line)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(line, sort_keys=True, separators=(",", ":"))
    return text


# --- tokens


class _Measured(NamedTuple):
    """Tokens of a text of ours, as expected and at most."""

    expected: float
    most: int


# A least-squares fit to o200k over 310 COCO, 2,000 CC3M and 1,000 web captions and both prompts:
# tokens a word, a letter beyond its seventh, a capital within a word, a number of up to three
# digits and a run of punctuation.
_WORD_TOKENS, _TAIL_TOKENS, _CAPITAL_TOKENS, _NUMBER_TOKENS, _SIGN_TOKENS = 0.94, 0.19, 0.24, 1.57, 1.12
_LETTERS, _DIGITS, _SIGNS = (
    {code: chr(code) if keeps(chr(code)) else " " for code in range(128)}
    for keeps in (
        str.isalpha,
        str.isdigit,
        lambda sign: not (sign.isalnum() or sign.isspace() or sign == "_"),
    )
)
_CAPITAL_WITHIN = re.compile(r"\B[A-Z]")
# Characters of other scripts, by short samples: most alphabets; Ethiopic and Cherokee; the East and
# symbols; emoji and whatever lies beyond the basic plane. Accented letters and dashes are like others.
_SCRIPTS = (
    (re.compile("[\u0370-\u11ff\u1400-\u1fff]"), 0.4),
    (re.compile("[\u1200-\u13ff]"), 1.8),
    (re.compile("[\u2c00-\uffff]"), 0.95),
    (re.compile("[\U00010000-\U0010ffff]"), 2.3),
)
_ACCENTED, _DASHES, _OTHERS = (
    re.compile("[\u00aa-\u036f]"),
    re.compile("[\u2000-\u2bff]"),
    re.compile(r"[^\0-\x7f]"),
)
# A schema's words stand between quotes, without the space that makes a word one token.
_SCHEMA_FACTOR = 1.08
# What a server puts around the messages of a chat.
_FRAME_TOKENS = 16
_LEAST_CHARACTERS = 3  # a token of our own text has at least (measured: 3.6 to 4.1 on average)
_measured: list[tuple[dict, int, _Measured]] = []
_MOST_MEASURED = 8


def _count_tokens(text: str) -> float:
    """Return the tokens of a text, as expected."""
    tokens = 0.0
    if not text.isascii():
        tokens = sum(weight * len(script.findall(text)) for script, weight in _SCRIPTS)
        text = _OTHERS.sub(" ", _DASHES.sub("-", _ACCENTED.sub("e", text)))
    words = text.translate(_LETTERS).split()
    tokens += _WORD_TOKENS * len(words) + _TAIL_TOKENS * sum(len(word) - 7 for word in words if len(word) > 7)
    tokens += _CAPITAL_TOKENS * len(_CAPITAL_WITHIN.findall(text))
    tokens += _NUMBER_TOKENS * sum((len(digits) + 2) // 3 for digits in text.translate(_DIGITS).split())
    return tokens + _SIGN_TOKENS * len(text.translate(_SIGNS).split())


@lru_cache(maxsize=16)
def _measure_text(text: str, factor: float = 1.0) -> _Measured:
    """Measure a text that stands in many requests."""
    size = len(text) if text.isascii() else _LEAST_CHARACTERS * len(text.encode("utf-8", "surrogatepass"))
    return _Measured(factor * _count_tokens(text), math.ceil(size / _LEAST_CHARACTERS))


def _measure_schema(schema: dict) -> _Measured:
    """Measure a schema. Each request has its own object, often equal to the last one's but for the
    number of items: to compare is ten times cheaper than to write it as text.
    """
    rows = schema["properties"].get("r")
    if rows is None:  # no request of ours
        return _measure_text(canonical_json(schema), _SCHEMA_FACTOR)
    digits = len(str(rows.get("maxItems", "")))  # more digits, more characters
    for known, size, measured in _measured:
        if size == digits and known == rows["items"]:
            return measured
    measured = _measure_text(canonical_json(schema), _SCHEMA_FACTOR)
    _measured.insert(0, (rows["items"], digits, measured))
    del _measured[_MOST_MEASURED:]
    return measured
