"""Adapters stay short: what they do stands in the rooms. (How many parameters a function has, ruff
counts.)
"""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ADAPTERS = sorted((CHECKOUT / "workflow/scripts").glob("*.py"))


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_hands_its_job_to_a_room_and_does_nothing_else(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 15
    assert "with open_job(snakemake) as job:" in text
