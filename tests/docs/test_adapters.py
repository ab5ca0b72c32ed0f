"""Adapters stay short: what they do stands in the rooms. (How many parameters a function has, ruff
counts.)
"""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ADAPTERS = sorted((CHECKOUT / "workflow/scripts").glob("*.py"))


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_hands_its_job_to_a_room_and_does_nothing_else(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 15
    assert "with open_job(snakemake) as job:" in text


def test_an_input_that_some_runs_lack_is_one_path_and_no_list():
    """A list of one reaches the job as a list, and the room expects a path."""
    single = re.compile(r'^\s+\w+=\["results/[^"]*"\] if ', re.MULTILINE)
    rules = {path.name: path.read_text() for path in (CHECKOUT / "workflow/rules").glob("*.smk")}
    assert len(rules) > 10
    assert [name for name, text in rules.items() if single.search(text)] == []
