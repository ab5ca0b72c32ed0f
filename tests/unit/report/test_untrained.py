"""The page of a run that trains nothing, or makes no controls."""

import copy

import pytest

from fake_run import make_job, make_lineage, make_run
from unscene.report.sections import FILES, list_inputs
from unscene.report.write_report import write_report
from unscene.run.configuration import trains
from unscene.run.left_out import write_left_out


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


def test_with_too_few_pairs_the_page_says_why_nothing_was_trained(tmp_path):
    paths, lineage = make_run(tmp_path, photos=12), copy.deepcopy(make_lineage())
    settings = lineage["settings"] | {"batchsize": {"run": False}, "edits": {"sham": False}}
    inputs = {name: paths[name] for name, path in list_inputs(settings).items() if path and name in paths}
    of_training = [name for name, file in FILES.items() if name in inputs and file.when is trains]
    write_left_out("paired batches need 16 photo groups", [inputs[name] for name in of_training])
    write_report(make_job(inputs, lineage=lineage))
    page = (tmp_path / "results/report.html").read_text()
    assert (
        "No arm was tested, for want of pairs: paired batches need 16 photo groups. The run ends in" in page
    )
    assert '<section id="yields">' in page and '<section id="quality">' in page
    assert '<section id="arms">' not in page


def test_a_page_without_pairs_says_where_all_were_lost(tmp_path):
    paths, lineage = make_run(tmp_path, photos=12), copy.deepcopy(make_lineage())
    lineage["settings"]["train"] |= {"clip": None, "arms": {}, "class_folds": []}
    settings = lineage["settings"] | {"batchsize": {"run": False}, "edits": {"sham": False}}
    inputs = {name: paths[name] for name, path in list_inputs(settings).items() if path and name in paths}
    for name in ("masks", "edits", "captions", "scores", "pairs", "rejected_edits"):
        table = FILES[name].table
        table.write(table.read(paths[name]).head(0), paths[name])
    write_report(make_job(inputs, lineage=lineage))
    page = (tmp_path / "results/report.html").read_text()
    assert "the run ends in 0 pairs. No caption names a word of this run&#39;s list (key words)" in page


def test_without_controls_the_page_says_so(tmp_path):
    page = write(tmp_path, {"quality": {"controls": 0}})
    assert "quality.controls is 0" in page and '<section id="arms">' in page
