"""The schema of a prompt's rows that was sent, as what checks the rows of its answer."""

from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    create_model,
)

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


def find_reader(row_schema: dict) -> TypeAdapter:
    """Return what checks a list of rows against the schema of one. ValueError for a schema that cannot be
    checked.
    """
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
