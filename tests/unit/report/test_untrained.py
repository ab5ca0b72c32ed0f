"""The page of a run that trains nothing, or makes no controls."""

import copy

import pytest

from fake_run import make_job, make_lineage, make_run
from unscene.report.sections import list_inputs
from unscene.report.write_report import write_report


def write(folder, change: dict) -> str:
    """Return the page of a run whose settings have this change, from the files that it then has."""
    paths, lineage = make_run(folder, photos=12), copy.deepcopy(make_lineage())
    for block, keys in change.items():
        lineage["settings"][block] |= keys
    settings = lineage["settings"] | {"batchsize": {"run": False}, "edits": {"sham": False}}
    kept = {name for name, path in list_inputs(settings).items() if path}
    write_report(make_job({name: path for name, path in paths.items() if name in kept}, lineage=lineage))
    return (folder / "results/report.html").read_text()


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_training_the_page_tells_of_pairs_and_names_no_arm(tmp_path):
    page = write(tmp_path, {"train": {"clip": None, "arms": {}, "class_folds": []}})
    assert "Nothing was trained, since train.clip is null: the run ends in" in page
    assert '<section id="yields">' in page and '<section id="quality">' in page
    assert '<section id="arms">' not in page and "zero_shot" not in page


def test_without_controls_the_page_says_so(tmp_path):
    page = write(tmp_path, {"quality": {"controls": 0}})
    assert "quality.controls is 0" in page and '<section id="arms">' in page
