"""The config held against its schema: every mistake with what is allowed and the nearest name."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from unscene.answers.endpoints import find_endpoint
from unscene.config.names import find_nearest, list_names
from unscene.config.problems import Problem

# What YAML 1.2 and every other language reads as a number, and YAML 1.1 as text.
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")
_SECRET_KEY = re.compile(r"(^|[_-])(api_?key|key|token|secret|password|passwd|bearer|auth)$", re.IGNORECASE)
_SECRET = re.compile(
    r"^(sk|pk|hf|gh[a-z]|github_pat|xox[a-z]|AKIA|AIza|Bearer)[-_ A-Z0-9].{6,}"
    r"|^(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[\w+=-]{24,}$"
)
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "a block of keys",
    "array": "a list",
    "null": "null",
}
_MOST_CHARACTERS = 40
_ADDRESS = "an address (https://HOST/v1)"


def read_numbers(config: dict, schema: dict) -> None:
    """Turn what is written as a number and YAML 1.1 took for text (`5e-6`) into that number, and
    whole numbers written with an exponent or a point (`3e4`) into whole ones, where the schema
    asks for it.
    """
    for error in list(_find_errors(config, schema)):
        for one in _unfold(error):
            if one.validator == "type" and isinstance(one.instance, str):
                kinds = _as_list(one.validator_value)
                is_number = ("number" in kinds or "integer" in kinds) and _NUMBER.fullmatch(one.instance)
                if is_number and math.isfinite(number := float(one.instance)):
                    _put(config, list(one.absolute_path), number)
    _round_whole(config, schema, schema)


def find_mistakes(config: dict, schema: dict) -> list[Problem]:
    """Return what the schema refuses of a config, in the order of its keys."""
    problems = [problem for error in _find_errors(config, schema) for problem in _tell(error, config, schema)]
    order = {name: number for number, name in enumerate(config)}
    return sorted(problems, key=lambda one: order.get(one.key[0], -1) if one.key else -1)


def _find_errors(config: dict, schema: dict) -> Iterator[Any]:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema).iter_errors(config)


def _unfold(error: Any) -> Iterator[Any]:
    yield error
    for below in error.context or ():
        yield from _unfold(below)


def _tell(error: Any, config: dict, schema: dict) -> Iterator[Problem]:
    """Return one error of the schema as problems; error: of jsonschema."""
    key = tuple(error.absolute_path)
    value = error.instance
    if error.validator in ("oneOf", "anyOf") and isinstance(value, Mapping):
        below = [one for one in error.context if len(one.absolute_path) > len(key) or one.validator != "type"]
        if below:
            for one in below:
                yield from _tell(one, config, schema)
            return
    if error.validator == "additionalProperties":
        for name in value:
            if name not in error.schema.get("properties", {}):
                yield Problem((*key, _hide(name)), _tell_unknown(key, name, error.schema, config, schema))
    elif error.validator in ("required", "dependentRequired"):
        yield from _tell_required(error, key)
    elif error.validator == "not":  # a key that another format of the entry has
        entry = _get(config, key[:-1])
        yield Problem(key, f"the format {entry.get('format')} has no use for it; leave it out")
    elif error.validator == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        text = "take a name of small letters, digits and _"
        yield Problem((*key, _hide(value) if isinstance(value, str) else ""), text)
    elif error.validator == "uniqueItems":
        yield Problem(key, "an entry stands twice; each may stand once")
    elif error.validator in ("minItems", "minProperties"):
        yield Problem(key, "it is empty; give one at least")
    elif error.validator == "minLength":
        yield Problem(key, f"is empty; give a value{_or_null(_as_list(error.schema['type']))}")
    else:
        yield Problem(key, _tell_value(key, value, error.schema, schema))


def _tell_unknown(key: tuple, name: object, block: dict, config: dict, schema: dict) -> str:
    """Return why a key is none, and the way out; its value is never repeated."""
    known = list(block.get("properties", {}))
    if not key and isinstance(name, str) and "." in name:
        parts = name.split(".")
        return f"is no key; write a block: {': {'.join(parts)}: ...{'}' * (len(parts) - 1)}"
    nearest = find_nearest(name, known)
    if nearest is None and isinstance(name, str) and (_SECRET_KEY.search(name) or _SECRET.search(name)):
        variable = _find_key_variable(config)
        return f"no key stands in a config; take it out and set the variable {variable}"
    if nearest is not None:
        return f"is no key; did you mean {'.'.join(map(str, (*key, nearest)))}?"
    elsewhere = [path for path in _list_keys(schema, schema) if path[-1] == name]
    if elsewhere:
        return f"is no key here; did you mean {'.'.join(elsewhere[0])}?"
    at = ".".join(map(str, key))
    return f"is no key; {f'{at} has' if at else 'there are'} {list_names(known)}"


def _find_key_variable(config: dict) -> str:
    api = config.get("api")
    url = api.get("base_url") if isinstance(api, Mapping) else None
    try:
        return find_endpoint(url if isinstance(url, str) else None).key_variable
    except ValueError:
        return find_endpoint(None).key_variable


def _tell_required(error: Any, key: tuple) -> Iterator[Problem]:
    value = error.instance
    if error.validator == "required":
        lacking = [name for name in error.validator_value if name not in value]
        # jsonschema yields an error for each; this is the one whose name the message begins with.
        lacking = [name for name in lacking if error.message.startswith(repr(name))] or lacking
    else:
        lacking = [
            name
            for given, needs in error.validator_value.items()
            if given in value
            for name in needs
            if name not in value and error.message.startswith(repr(name))
        ]
    of = (
        f"the format {value['format']} needs it"
        if "format" in value and "then" in error.absolute_schema_path
        else ""
    )
    for name in lacking:
        choices = error.schema.get("properties", {}).get(name, {}).get("enum", ())
        must = f"it must be one of {', '.join(map(str, choices))}" if choices else "it must be given"
        yield Problem((*key, name), f"is missing; {of or must}")


def _tell_value(key: tuple, value: object, node: dict, schema: dict) -> str:
    """Return what a key must be and what it is."""
    if value is None and key and len(key) == 1:
        return "is empty; give it keys, or leave it out"
    allowed = _describe(node, schema)
    names = [str(name) for name in _list_names(node, schema)]
    if _ADDRESS in allowed and isinstance(value, str):
        return (
            f"must be {allowed}; what stands there may hold a key, and is not shown (keys stand in"
            " environment variables, such as OPENAI_API_KEY)"
        )
    told = f"must be {allowed}, not {_show(value)}"
    if isinstance(value, bool) and names and not {"True", "False"} & set(names):
        return f"{told}; YAML reads yes, no, on and off as true and false: put the name in quotes"
    if isinstance(value, str) and names:
        nearest = find_nearest(value, names)
        return f"{told}; did you mean {nearest}?" if nearest else told
    if isinstance(value, str) and re.fullmatch(r"[-+.\d]+%?", value) and "number" in allowed:
        return f"{told}; {'write a share, such as 0.5' if value.endswith('%') else 'leave out the quotes'}"
    if isinstance(value, str) and "," in value and "number" in allowed:
        return f"{told}; write the decimal point as ."
    if "a list" in allowed and value is not None and not isinstance(value, list):
        return f"{told}; write [...] around it"
    if allowed == "text" and isinstance(value, int | float):
        return f"{told}; put it in quotes"
    return told


def _describe(node: dict, schema: dict) -> str:
    """Return what a part of the schema allows, in words."""
    node = _resolve(node, schema)
    for union in ("oneOf", "anyOf"):
        if union in node:
            return " or ".join(dict.fromkeys(_describe(one, schema) for one in node[union]))
    if "const" in node:
        return _show(node["const"])
    if "enum" in node:
        return "one of " + ", ".join(map(_show, node["enum"]))
    kinds = _as_list(node.get("type", "object" if "properties" in node else []))
    if kinds == ["null"]:
        return _KINDS["null"]
    words = [_KINDS[kind] for kind in kinds if kind != "null"]
    if "pattern" in node:
        words = [_describe_pattern(node["pattern"])]
    bounds = _describe_bounds(node)
    text = " or ".join(words) + (f" {bounds}" if bounds and words else "")
    return text + _or_null(kinds)


def _or_null(kinds: Iterable[str]) -> str:
    return " or null" if "null" in kinds else ""


def _describe_pattern(pattern: str) -> str:
    known = {
        "^https?": _ADDRESS,
        "^[0-9a-fA-F]{64}": "a SHA-256 of 64 hex digits",
        "^[0-9]+/": "a number of parts (2/4)",
    }
    return next(
        (text for start, text in known.items() if pattern.startswith(start)),
        "a name of letters, digits and _",
    )


def _describe_bounds(node: dict) -> str:
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        text = f"from {low} to {high}"
    else:
        parts = [
            f"above {above}" if above is not None else f"of at least {low}" if low is not None else "",
            f"below {below}" if below is not None else f"of at most {high}" if high is not None else "",
        ]
        text = " and ".join(filter(None, parts))
    if "multipleOf" in node:
        text += f" and a multiple of {node['multipleOf']}"
    return text


def _list_names(node: dict, schema: dict) -> list[object]:
    """Return the names that a part of the schema allows."""
    node = _resolve(node, schema)
    below = [
        name
        for union in ("oneOf", "anyOf")
        for one in node.get(union, ())
        for name in _list_names(one, schema)
    ]
    return [*node.get("enum", ()), *([node["const"]] if "const" in node else []), *below]


def _list_keys(node: dict, schema: dict, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the path of every key of the blocks."""
    for name, below in node.get("properties", {}).items():
        yield (*above, name)
        yield from _list_keys(below, schema, (*above, name))


def _show(value: object) -> str:
    """Return a value in few words, and nothing of one that may be a secret."""
    if isinstance(value, str):
        if _SECRET.search(value):
            return "what looks like a key (keys stand in environment variables)"
        short = value if len(value) <= _MOST_CHARACTERS else value[: _MOST_CHARACTERS - 3] + "..."
        return short if re.fullmatch(r"[\w.-]+", short) else repr(short)
    if isinstance(value, Mapping):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    return (
        {None: "null", True: "true", False: "false"}.get(value, repr(value))
        if isinstance(value, bool | None)
        else repr(value)
    )


def _hide(name: object) -> str:
    return "(a key)" if _SECRET.search(str(name)) else str(name)


def _resolve(node: dict, schema: dict) -> dict:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] | {
            k: v for k, v in node.items() if k != "$ref"
        }
    return node


def _round_whole(value: Any, node: dict, schema: dict) -> None:
    """Turn floats that are whole into integers, where nothing but an integer is allowed."""
    node = _resolve(node, schema)
    if isinstance(value, dict):
        for name, below in value.items():
            part = node.get("properties", {}).get(name)
            if part is not None:
                value[name] = _as_whole(below, part, schema)
                _round_whole(value[name], part, schema)
    elif isinstance(value, list) and "items" in node:
        for number, below in enumerate(value):
            value[number] = _as_whole(below, node["items"], schema)
            _round_whole(value[number], node["items"], schema)


def _as_whole(value: Any, node: dict, schema: dict) -> Any:
    node = _resolve(node, schema)
    kinds = {kind for one in (node, *node.get("oneOf", ())) for kind in _as_list(one.get("type", []))}
    if isinstance(value, float) and "integer" in kinds and value.is_integer():
        return int(value)
    return value


def _as_list(kinds: str | Sequence[str]) -> Iterable[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _get(config: Any, key: Sequence) -> Any:
    for part in key:
        config = config[part]
    return config


def _put(config: Any, key: Sequence, value: object) -> None:
    _get(config, key[:-1])[key[-1]] = value
