"""Batch lines: requests and answers of keywords and captions in the format of OpenAI's Batch API.

Whoever answers, a request is a line as uploaded and an answer a line as downloaded. A request's
`custom_id` is the hash of its body, so equal bodies are asked, and paid, once.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from unscene.run.tables import replaced_atomically

URL = "/v1/chat/completions"


class BatchLineError(ValueError):
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


def estimate_tokens(request: dict, chars_per_token: float = 4) -> int:
    """Return the input tokens of a request, schema included, from its characters (4 a token as a
    rule, 3 as a cap).
    """
    body = request["body"]
    characters = sum(len(message["content"]) for message in body["messages"])
    characters += len(canonical_json(body["response_format"]["json_schema"]["schema"]))
    return math.ceil(characters / chars_per_token)


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
