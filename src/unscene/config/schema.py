"""The JSON schema of the config, built from workflow/schemas/base.yaml and the registries."""

import json
from pathlib import Path

import yaml

from unscene.config.registries import list_choices

BASE = Path("workflow/schemas/base.yaml")
SCHEMA = Path("workflow/schemas/config.schema.yaml")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class SchemaError(ValueError):
    """The base lacks what a registry needs of it."""


def load_base(checkout: Path) -> dict:
    """Return the base as it is written."""
    return yaml.safe_load((checkout / BASE).read_text(encoding="utf-8"))


def build_schema(base: dict) -> dict:
    """Return the schema: the base with its choices filled in, unknown keys refused and every
    block's keys required.
    """
    schema = {"$schema": DIALECT, **_fill(base)}
    for block in (schema, *schema["properties"].values()):
        if "properties" in block:
            block["required"] = list(block["properties"])
    thresholds = schema["properties"]["quality"]["properties"]["thresholds"]
    thresholds["required"] = list(thresholds["properties"])
    return schema


def write_schema(schema: dict) -> str:
    """Return a schema as JSON, which is YAML as well and is read in a fraction of the time when the
    Snakefile is parsed.
    """
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _fill(node: object) -> object:
    """Return a part of the base with its choices filled in and objects closed, recursively."""
    if isinstance(node, list):
        return [_fill(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    choices = node.pop("x-choices", None)
    if choices:
        node |= _choose(node, choices)
    # Conditions look at an object that is closed already.
    filled = {key: value if key in ("if", "then") else _fill(value) for key, value in node.items()}
    if isinstance(filled.get("properties"), dict):
        filled.setdefault("type", "object")
        filled.setdefault("additionalProperties", False)
    return filled


def _choose(node: dict, choices: dict) -> dict:
    """Return what a registry adds to a part of the schema: keys, or an enum and the conditions of
    each entry's keys.
    """
    entries = list_choices(choices["registry"])
    if choices.get("as") == "properties":
        each = choices["each"]
        return {"properties": {one.name: {"description": one.doc, **(one.schema or each)} for one in entries}}
    if "by" not in choices:
        return {"enum": [one.name for one in entries]}
    key, properties = choices["by"], dict(node["properties"])
    properties[key] = {**properties[key], "enum": [one.name for one in entries]}
    named = {name for one in entries for name in (*one.needs, *one.allows)}
    unknown = sorted(named - set(properties))
    if unknown:
        raise SchemaError(
            f"{BASE} does not describe the key {unknown[0]!r} of the registry {choices['registry']}"
        )
    conditions = []
    for one in entries:
        refused = [name for name in properties if name in named - {*one.needs, *one.allows}]
        then: dict = {"required": list(one.needs)} if one.needs else {}
        if refused:
            # Snakemake looks into each of them, so `false` would not do.
            then["properties"] = {name: {"not": {}} for name in refused}
        if then:
            # An entry without the key would fit every condition.
            is_one = {"properties": {key: {"const": one.name}}, "required": [key]}
            conditions.append({"if": is_one, "then": then})
    return {"properties": properties, "allOf": conditions}
