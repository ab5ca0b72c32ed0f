"""What may stand in a result file in place of a line. It is written into the file: each download
shows it, and a kind that spoils the answer has lost it for good.
"""

import copy
import json
from collections.abc import Callable

from batch_server.faults import Kind

_DEEP = 3000


def _set(*path: str | int, to: object) -> Callable[[dict], str]:
    """Return the act that sets a place of the line."""

    def act(line: dict) -> str:
        line = copy.deepcopy(line)
        inner = line
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = to
        return json.dumps(line)

    return act


def _drop(*path: str | int) -> Callable[[dict], str]:
    def act(line: dict) -> str:
        line = copy.deepcopy(line)
        inner = line
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return json.dumps(line)

    return act


BODY = ("response", "body")
MESSAGE = (*BODY, "choices", 0, "message")
USAGE = (*BODY, "usage")


def _content(line: dict, change: Callable[[str], object]) -> str:
    content = line["response"]["body"]["choices"][0]["message"]["content"]
    return _set(*MESSAGE, "content", to=change(content or ""))(line)


def _as_object(content: str) -> object:
    """Return the object that an answer writes; a cut one, or a refusal, within an object."""
    try:
        return json.loads(content)
    except ValueError:
        return {"text": content}


def _in_first_string(content: str, put: str) -> str:
    """Return the answer with something put into its last text, as escaped JSON."""
    place = content.rfind('"')
    return content[:place] + put + content[place:] if place >= 0 else put


def _nested(line: dict) -> str:
    text = json.dumps({**line, "extra": 0})
    return text.replace('"extra": 0', '"extra": ' + "[" * _DEEP + "]" * _DEEP)


def _nested_content(line: dict) -> str:
    return _content(line, lambda content: '{"r":' + "[" * _DEEP + "]" * _DEEP + "}")


def _second_choice(line: dict) -> str:
    choice = line["response"]["body"]["choices"][0]
    message = {"role": "assistant", "content": None, "refusal": "I cannot help."}
    second = {**choice, "index": 1, "message": message}
    return _set(*BODY, "choices", to=[choice, second])(line)


def _doubled_key(line: dict) -> str:
    return '{"custom_id": "w-other", ' + json.dumps(line)[1:]


def _twice(line: dict) -> str:
    """The line, and then an error for the same custom_id."""
    error = {**line, "response": None, "error": {"code": "server_error", "message": "Try again."}}
    return json.dumps(line) + "\n" + json.dumps(error)


def _poison(about: str, act: Callable[[dict], str], spoils: bool = True) -> Kind:
    return Kind(about, act, spoils=spoils)


LINES = {
    "line_missing": _poison("no line at all", lambda line: ""),
    "line_not_json": _poison("`{cut`", lambda line: json.dumps(line)[: len(json.dumps(line)) // 2]),
    "line_html": _poison("a page on one line", lambda line: "<html><body>502 Bad Gateway</body></html>"),
    "line_number": _poison("a number", lambda line: "17"),
    "line_null": _poison("null", lambda line: "null"),
    "line_list": _poison("a list", lambda line: json.dumps([line])),
    "line_text": _poison("the line as a JSON text", lambda line: json.dumps(json.dumps(line))),
    "line_nan": _poison(
        "NaN as a number", lambda line: json.dumps(line).replace('"error": null', '"error": NaN')
    ),
    "line_foreign": _poison("a custom_id that nobody asked for", _set("custom_id", to="other-1")),
    "custom_id_number": _poison("custom_id is a number", _set("custom_id", to=7)),
    "custom_id_null": _poison("custom_id is null", _set("custom_id", to=None)),
    "custom_id_list": _poison("custom_id is a list", _set("custom_id", to=["w"])),
    "custom_id_absent": _poison("no custom_id", _drop("custom_id")),
    "response_null": _poison("neither response nor error", _set("response", to=None)),
    "response_text": _poison("response is a text", _set("response", to="ok")),
    "response_list": _poison("response is a list", _set("response", to=[])),
    "response_absent": _poison("no response", _drop("response")),
    "error_text": _poison("no response, error is a text", lambda line: _with_error(line, "server_error")),
    "error_list": _poison("no response, error is a list", lambda line: _with_error(line, ["server_error"])),
    "error_empty": _poison("no response, error is {}", lambda line: _with_error(line, {})),
    "error_code_number": _poison("no response, a code of 500", lambda line: _with_error(line, {"code": 500})),
    "status_text": _poison('status_code is "200"', _set("response", "status_code", to="200")),
    "status_null": _poison("status_code is null", _set("response", "status_code", to=None)),
    "status_zero": _poison(
        "status_code 0 and no body", _set("response", to={"status_code": 0, "request_id": "", "body": {}})
    ),
    "status_200_error": _poison(
        "status 200 with an error object", _set(*BODY, to={"error": {"message": "overloaded", "code": None}})
    ),
    "status_503_html": _poison(
        "status 503, body a page",
        _set("response", to={"status_code": 503, "request_id": "r", "body": "<html>"}),
    ),
    "body_null": _poison("body is null", _set(*BODY, to=None)),
    "body_text": _poison("body is a text", _set(*BODY, to="ok")),
    "body_list": _poison("body is a list", _set(*BODY, to=[])),
    "model_absent": _poison("no model is named", _drop(*BODY, "model"), spoils=False),
    "model_other": _poison("a snapshot is named", _set(*BODY, "model", to="gpt-4o-2024-08-06"), spoils=False),
    "model_number": _poison("model is a number", _set(*BODY, "model", to=4), spoils=False),
    "choices_empty": _poison("choices is empty", _set(*BODY, "choices", to=[])),
    "choices_null": _poison("choices is null", _set(*BODY, "choices", to=None)),
    "choices_absent": _poison("no choices", _drop(*BODY, "choices")),
    "choices_object": _poison("choices is an object", _set(*BODY, "choices", to={"0": {}})),
    "choice_null": _poison("the choice is null", _set(*BODY, "choices", to=[None])),
    "message_null": _poison("message is null", _set(*MESSAGE, to=None)),
    "message_text": _poison("message is a text", _set(*MESSAGE, to="a dog")),
    "message_absent": _poison("no message", _drop(*MESSAGE)),
    "finish_null": _poison(
        "finish_reason is null", _set(*BODY, "choices", 0, "finish_reason", to=None), spoils=False
    ),
    "finish_list": _poison(
        "finish_reason is a list", _set(*BODY, "choices", 0, "finish_reason", to=["stop"])
    ),
    "refusal_object": _poison("refusal is an object", _set(*MESSAGE, "refusal", to={"why": "policy"})),
    "content_null": _poison("content is null", _set(*MESSAGE, "content", to=None)),
    "content_list": _poison(
        "content is a list of parts", lambda line: _content(line, lambda c: [{"type": "text", "text": c}])
    ),
    "content_number": _poison("content is a number", _set(*MESSAGE, "content", to=3)),
    "content_object": _poison("content is an object", lambda line: _content(line, _as_object)),
    "content_empty": _poison("content is empty", _set(*MESSAGE, "content", to="")),
    "content_null_json": _poison("content is `null`", _set(*MESSAGE, "content", to="null")),
    "content_list_json": _poison("content is `[]`", _set(*MESSAGE, "content", to="[]")),
    "content_items_null": _poison('content is {"r":null}', _set(*MESSAGE, "content", to='{"r":null}')),
    "content_items_numbers": _poison('content is {"r":[1,2]}', _set(*MESSAGE, "content", to='{"r":[1,2]}')),
    "content_fenced": _poison(
        "content in a Markdown fence", lambda line: _content(line, lambda c: f"```json\n{c}\n```")
    ),
    "content_deep": _poison("content nests 3,000 deep", _nested_content),
    "content_huge_number": _poison(
        "an index of 5,000 digits",
        lambda line: _content(line, lambda c: '{"r":[{"i":' + "9" * 5000 + ',"w":[]}]}'),
    ),
    "content_infinity": _poison(
        "an index of 1e999", _set(*MESSAGE, "content", to='{"r":[{"i":1e999,"w":[]}]}')
    ),
    "surrogate_inner": _poison(
        "a lone surrogate in an answer", lambda line: _content(line, lambda c: _in_first_string(c, "\\ud83d"))
    ),
    "surrogate_outer": _poison(
        "a lone surrogate in the content",
        lambda line: _content(line, lambda c: _in_first_string(c, "\ud83d")),
    ),
    "nul_inner": _poison(
        "NUL in an answer", lambda line: _content(line, lambda c: _in_first_string(c, "\\u0000"))
    ),
    "nul_outer": _poison(
        "NUL in the content", lambda line: _content(line, lambda c: _in_first_string(c, "\0"))
    ),
    "usage_absent": _poison("no usage", _drop(*USAGE), spoils=False),
    "usage_null": _poison("usage is null", _set(*USAGE, to=None), spoils=False),
    "usage_text": _poison("usage is a text", _set(*USAGE, to="none"), spoils=False),
    "usage_list": _poison("usage is a list", _set(*USAGE, to=[1, 2]), spoils=False),
    "usage_other_shape": _poison(
        "usage has input_tokens in place of prompt_tokens", _set(*USAGE, to={"input_tokens": 5}), spoils=False
    ),
    "tokens_text": _poison("prompt_tokens is a text", _set(*USAGE, "prompt_tokens", to="900"), spoils=False),
    "tokens_negative": _poison(
        "prompt_tokens is negative", _set(*USAGE, "prompt_tokens", to=-900), spoils=False
    ),
    "tokens_huge": _poison("prompt_tokens is 10^30", _set(*USAGE, "prompt_tokens", to=10**30), spoils=False),
    "tokens_fraction": _poison("prompt_tokens is 0.5", _set(*USAGE, "prompt_tokens", to=0.5), spoils=False),
    "tokens_bool": _poison("prompt_tokens is true", _set(*USAGE, "prompt_tokens", to=True), spoils=False),
    "tokens_details_text": _poison(
        "prompt_tokens_details is a text", _set(*USAGE, "prompt_tokens_details", to="x"), spoils=False
    ),
    "line_deep": _poison("a further field nests 3,000 deep", _nested),
    "line_giant": _poison(
        "a further field of 5 MB", lambda line: json.dumps({**line, "extra": "x" * 5_000_000}), spoils=False
    ),
    "line_extra": _poison(
        "further fields", lambda line: json.dumps({**line, "object": "x", "v": 2}), spoils=False
    ),
    "line_raw": _poison(
        "UTF-8 in place of escapes, with the line ends of other scripts in a further field",
        lambda line: json.dumps({**line, "extra": "a\u2028b\u2029c\x85d\x7f"}, ensure_ascii=False),
        spoils=False,
    ),
    "choices_two": _poison("a second choice, a refusal", lambda line: _second_choice(line), spoils=False),
    "key_doubled": _poison("custom_id comes twice, first another", _doubled_key, spoils=False),
    "line_doubled": _poison(
        "the line comes twice", lambda line: json.dumps(line) + "\n" + json.dumps(line), spoils=False
    ),
    "line_contradicted": _poison("the line, then an error for the same custom_id", _twice, spoils=False),
    "line_spaces": _poison(
        "spaces around the line", lambda line: "  \t" + json.dumps(line) + "  ", spoils=False
    ),
}


def _with_error(line: dict, error: object) -> str:
    return json.dumps({**line, "response": None, "error": error})
