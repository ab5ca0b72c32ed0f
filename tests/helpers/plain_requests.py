"""Requests and answers as a stranger would write and read them, for tests of the local Batch server:
nothing here comes from the client.
"""

import hashlib
import json
from pathlib import Path

URL = "/v1/chat/completions"
SYSTEM = {
    "w": "List the objects that each numbered caption names.",
    "without": "Tell each numbered scene as it is without the object.",
}
TYPES = {"w": {"type": "array", "items": {"type": "string"}}}


def make_request(items: list, names: tuple[str, ...] = ("w",), model: str = "gpt-4o", **body) -> dict:
    """Return a request line: numbered items (texts, or objects as JSON), answered by the fields `names`."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in items]
    properties = {"i": {"type": "integer"}} | {name: TYPES.get(name, {"type": "string"}) for name in names}
    row = {"type": "object", "additionalProperties": False, "required": sorted(properties)}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["r"],
        "properties": {"r": {"type": "array", "items": row | {"properties": properties}}},
    }
    body = {
        "model": model,
        "messages": [
            {"role": "system", "content": SYSTEM.get(names[-1], SYSTEM["without"])},
            {"role": "user", "content": "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1))},
        ],
        "response_format": {"type": "json_schema", "json_schema": {"name": "rows", "schema": schema}},
        **body,
    }
    custom_id = "q-" + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:24]
    return {"custom_id": custom_id, "method": "POST", "url": URL, "body": body}


def read_rows(body: dict) -> dict[int, dict] | None:
    """Return the rows of an answer by their index; None for one that is no list of rows 1 to n."""
    choice = body["choices"][0]
    if choice["finish_reason"] != "stop" or choice["message"]["refusal"] is not None:
        return None
    rows = json.loads(choice["message"]["content"])["r"]
    found = {row["i"]: row for row in rows}
    return found if sorted(found) == list(range(1, len(rows) + 1)) else None


def read_result(path: Path) -> dict[str, dict]:
    """Return the lines of a result file by custom_id."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {line["custom_id"]: line for line in lines}
