"""The schema, the manual and the reference page: made from the base and the registries, and not stale."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from unscene.config import registries
from unscene.config.generation import generate_files
from unscene.config.manual import list_keys, tabulate_choices, write_manual
from unscene.config.reference import find_tables
from unscene.config.registries import REGISTRIES, Choice, list_choices
from unscene.config.schema import SchemaError, build_schema, load_base

PARTS = {
    "properties": {"quality": {"properties": {"thresholds": {"properties": {}}}}},
    "$defs": {
        "source": {
            "description": "A source.",
            "required": ["format"],
            "x-choices": {"registry": "tried", "by": "format"},
            "properties": {
                key: {"description": f"The {key}.", "type": "string"} for key in ("format", "path", "seed")
            },
        },
        "loss": {"x-choices": {"registry": "tried", "as": "properties", "each": {"type": "number"}}},
        "backend": {"description": "Who.", "x-choices": {"registry": "tried"}},
    },
}


@pytest.fixture
def tried(monkeypatch):
    entries = [Choice("files", "Files.", needs=("path",)), Choice("drawn", "Drawn.", allows=("seed",))]
    monkeypatch.setitem(registries.REGISTRIES, "tried", lambda: entries)
    return entries


def test_no_generated_file_is_stale(checkout):
    for path, text in generate_files(checkout).items():
        assert (checkout / path).read_text(encoding="utf-8") == text, f"{path} is stale: make schema"


@pytest.mark.parametrize(
    ("source", "is_valid"),
    [
        ({"format": "files", "path": "a"}, True),
        ({"format": "files"}, False),
        ({"format": "files", "path": "a", "seed": "1"}, False),
        ({"format": "drawn"}, True),
        ({"format": "drawn", "seed": "1"}, True),
        ({"format": "drawn", "path": "a"}, False),
        ({"format": "other"}, False),
        ({"format": "drawn", "unknown": "a"}, False),
    ],
)
def test_an_entry_brings_its_name_and_the_conditions_of_its_keys(tried, source, is_valid):
    schema = build_schema(PARTS)
    assert Draft202012Validator({**schema["$defs"]["source"]}).is_valid(source) == is_valid


def test_an_entry_can_be_a_key_or_a_value(tried):
    parts = build_schema(PARTS)["$defs"]
    assert parts["loss"]["properties"]["drawn"] == {"description": "Drawn.", "type": "number"}
    assert not Draft202012Validator(parts["loss"]).is_valid({"other": 1})
    assert parts["backend"]["enum"] == ["files", "drawn"]


def test_a_key_that_the_base_does_not_describe_is_named(tried):
    tried.append(Choice("new", "New.", needs=("address",)))
    with pytest.raises(SchemaError, match="does not describe the key 'address' of the registry tried"):
        build_schema(PARTS)


def test_the_manual_is_written_between_its_marks(tried):
    schema = build_schema(PARTS)
    text = "by hand\n<!-- choices: tried -->\nold\n<!-- end -->\nby hand\n"
    written = write_manual(text, schema, {})
    assert written.startswith("by hand\n<!-- choices: tried -->\n\n| name |") and written.endswith(
        "<!-- end -->\nby hand\n"
    )
    assert "| `files` | `path` | Files. |" in written and "old" not in written
    assert write_manual(written, schema, {}) == written
    assert tabulate_choices("tried")[-1] == "| `drawn` | optionally `seed` | Drawn. |"
    assert "| `format` | The format. One of `files`, `drawn`. Must be there. |" in list_keys(
        "$source", schema, {}
    )


def test_every_key_stands_in_the_manual_once(checkout):
    schema = build_schema(load_base(checkout))
    manual = (checkout / "config/README.md").read_text()
    blocks = [name for name, below in schema["properties"].items() if "properties" in below]
    items = [f"${name}" for name, below in schema["$defs"].items() if "properties" in below]
    for name in [".", *blocks, "quality.thresholds", *items]:
        assert manual.count(f"<!-- keys: {name} -->") == 1, f"config/README.md has no mark for {name}"
    for name in REGISTRIES:
        assert manual.count(f"<!-- choices: {name} -->") <= 1


def test_every_entry_says_what_it_is():
    for registry in REGISTRIES:
        entries = list_choices(registry)
        assert entries and all(one.name and one.doc for one in entries), registry


def test_tables_are_found_once_and_told(checkout):
    tables = find_tables()
    assert {"samples/samples.parquet", "folds/folds.parquet"} <= {table.path for table in tables}
    for table in tables:
        assert table.row and table.columns
        assert all(column.meaning for column in table.columns), table.path


def test_the_schema_is_json_too(checkout):
    """YAML's reader takes a second of every parse of the Snakefile where JSON's takes a millisecond."""
    text = (checkout / "workflow/schemas/config.schema.yaml").read_text()
    schema = json.loads(text)
    assert schema == yaml.safe_load(text) and schema["type"] == "object"
