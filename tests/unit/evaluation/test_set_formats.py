"""The registry of sets' formats: what an entry says, the schema by it, and cheap imports."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema

from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.sets.formats import FORMATS, PATHS, ROLES, find_role


def test_every_format_is_tested():
    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f'"{name}"' in tested for name in FORMATS)


def test_a_format_says_all_about_itself():
    for name, of_format in FORMATS.items():
        assert callable(of_format.find_reader()) and of_format.task in SET_ITEMS, name
        assert of_format.role in (None, *ROLES) and bool(of_format.source) == bool(of_format.licence), name
    assert find_role({"format": "coco_mcq"}) == "mcq"
    assert find_role({"format": "coco_mcq", "role": "zero_shot"}) == "zero_shot"
    assert find_role({"format": "cc_neg"}) is None
    used = {key for of_format in FORMATS.values() for key in (*of_format.needs, *of_format.allows)}
    assert set(PATHS) < used


def test_the_schema_asks_of_a_set_what_its_format_says(checkout):
    schema = json.loads((checkout / "workflow/schemas/config.schema.yaml").read_text())
    validator = jsonschema.Draft202012Validator(
        {**schema["$defs"]["evaluation_set"], "$defs": schema["$defs"]}
    )
    for name, of_format in FORMATS.items():
        entry = {"name": "x", "format": name, **{key: "p" for key in of_format.needs}}
        assert validator.is_valid(entry) and validator.is_valid({**entry, "role": "mcq"}), name
        for key in of_format.needs:
            assert not validator.is_valid({k: v for k, v in entry.items() if k != key}), (name, key)
        for key in set(PATHS) - {*of_format.needs, *of_format.allows}:
            assert not validator.is_valid({**entry, key: "p"}), (name, key)


def test_the_registry_imports_no_reader(checkout):
    code = "import sys, unscene.evaluation.sets.formats; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": "src"},
        cwd=checkout,
        capture_output=True,
        check=True,
    )
    loaded = told.stdout.decode().split()
    assert not {"torch", "open_clip", "pandas", "unscene.evaluation.sets.negbench"} & set(loaded)
