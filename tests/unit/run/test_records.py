"""Records: what a job made, told beside its results."""

import json
from pathlib import Path

import pytest

from unscene.machine.job import Job
from unscene.run.records import find_damage, index_outputs, name_record

LINEAGE = {"rule": "remove_objects", "settings": {"edits": {"steps": 4}}, "parents": {}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("results/edits/a-0-of-1")
    folder.mkdir(parents=True)
    (folder / "dog.png").write_bytes(b"picture")
    (folder / ".snakemake_timestamp").touch()
    for name in ("edits/a-0-of-1", "masks/a-0-of-1"):
        path = Path(f"results/{name}.parquet")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    Job(
        inputs={"masks": "results/masks/a-0-of-1.parquet", "scenes": []},
        outputs={"table": "results/edits/a-0-of-1.parquet", "folder": str(folder)},
        wildcards={"shard": "a-0-of-1"},
        rule="remove_objects",
        lineage=LINEAGE,
    ).record()
    return tmp_path


def test_a_record_tells_every_file_of_its_job(run):
    record = json.loads((run / "results/records/remove_objects/a-0-of-1.json").read_text())
    assert record["lineage"] == LINEAGE and record["machine"] and record["versions"]["python"]
    assert list(record["inputs"]) == ["results/masks/a-0-of-1.parquet"]
    assert record["outputs"]["results/edits/a-0-of-1"].keys() == {"dog.png"}
    made = index_outputs(run)
    assert {path: find_damage(run / path, one.content) for path, (one,) in made.items()} == {
        "results/edits/a-0-of-1.parquet": None,
        "results/edits/a-0-of-1": None,
    }


@pytest.mark.parametrize("fault", ["flipped", "missing", "more", "gone"])
def test_damage_is_named(run, fault):
    folder = run / "results/edits/a-0-of-1"
    (made,) = index_outputs(run)["results/edits/a-0-of-1"]
    picture = folder / "dog.png"
    if fault == "flipped":
        picture.write_bytes(b"pictura")
    elif fault == "more":
        (folder / "cat.png").touch()
    else:
        picture.unlink()
    if fault == "gone":
        (folder / ".snakemake_timestamp").unlink()
        folder.rmdir()
    named = {"more": "cat.png", "gone": "edits/a-0-of-1"}.get(fault, "dog.png")
    assert named in (find_damage(folder, made.content) or "")


def test_a_damaged_record_is_none(run):
    name_record("remove_objects", {"shard": "a-0-of-1"}).write_text("{")
    assert index_outputs(run) == {}


def test_an_empty_folder_may_be_lost_and_a_full_one_not(tmp_path):
    assert find_damage(tmp_path / "lost", {}) is None
    assert find_damage(tmp_path / "lost", {"a.png": "0"}) is not None
