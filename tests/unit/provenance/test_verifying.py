"""The record of a run, and what is held against it: nothing that changes goes unseen."""

import json
import os
import random
import shutil
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from unscene.cli import command
from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.provenance.circumstances import read_machines, read_versions
from unscene.provenance.cures import tell_cure
from unscene.provenance.record import PROVENANCE, RecordDamaged, read_record
from unscene.provenance.telling import tell_findings
from unscene.provenance.tracing import tell_picture
from unscene.provenance.verifying import CHANGED, DAMAGED, EXTRA, MISSING, verify_run
from unscene.provenance.writing import WeightsReplaced, write_provenance
from unscene.run.checkout import CHECKOUT
from unscene.run.lineage import fingerprint
from unscene.run.records import hash_content, name_record
from unscene.run.shards import ShardWriter
from unscene.run.tables import write_json, write_table, write_text
from unscene.samples.columns import SHARD_SAMPLES

SHARD = "s-0-of-1"
MADE = {
    "read_samples": [f"results/samples/{SHARD}.parquet", f"results/samples/{SHARD}"],
    "segment_objects": [f"results/masks/{SHARD}.parquet", f"results/masks/{SHARD}"],
    "remove_objects": [f"results/edits/{SHARD}.parquet", f"results/edits/{SHARD}"],
    "select_pairs": ["results/quality/pairs.parquet"],
    "train_clip": ["results/models/a/meta.json", "results/models/a/loss.csv"],
    "write_report": ["results/report.html"],
}
WEIGHTS = "resources/embedded/detector.pt"


def write_shard(stage: str, table, columns: dict[str, str], packs: bool, more=()) -> None:
    with ShardWriter(f"results/{stage}/{SHARD}", f"results/{stage}/{SHARD}.parquet", packs) as writer:
        row = {"edit_id": "s_1-dog", "image_id": "s_1", "seconds": 1.5}
        for path, digest in columns.items():
            content = path.encode() * 50
            (writer.folder / f"s_1-dog.{path}.png").write_bytes(content)
            row |= {path: writer.final_path(f"s_1-dog.{path}.png"), digest: sha256(content).hexdigest()}
        for name in more:
            (writer.folder / name).write_bytes(b"no table tells me" * 9)
        declared = {name: value for name, value in row.items() if name in table.names}
        frame = table.frame([declared]).astype(object)
        writer.finish(frame.where(frame.notna(), None), table)


def make_job(weights: dict | None = None) -> Job:
    config = {
        "seed": 7,
        "train": {"seeds": [0], "clip": None, "arms": {}},
        "masks": {"weights": WEIGHTS},
        "quality": {"judge": None, "dino": None},
        "edits": {"weights": None, "lora": None, "tiny_vae": None},
        "batchsize": {"labels": None},
        "plan": {"prices": None},
        "evaluate": {"models": [], "sets": []},
        "samples": {"sources": []},
        "folds": {"leak_guards": []},
        "overlays": [],
    }
    known = {"masks.weights": fingerprint(CHECKOUT / WEIGHTS)}
    lineage = {"settings": config, "weights": known if weights is None else weights}
    return Job(MADE, {"provenance": str(PROVENANCE)}, config, lineage=lineage, config=config)


@pytest.fixture
def finished(request, tmp_path, monkeypatch):
    """The directory of a small run with its record; it is the current directory. Its pictures are
    loose, or by the parameter packed.
    """
    monkeypatch.chdir(tmp_path)
    packs = getattr(request, "param", False)
    write_shard("samples", SHARD_SAMPLES, {"path": "sha256"}, packs)
    write_shard("masks", MASKS, {"mask_path": "mask_sha256"}, packs, ["s_1-dog.object.png"])
    write_shard("edits", EDITS, {"image_path": "edited_sha256"}, packs)
    write_table(pd.DataFrame({"edit_id": ["s_1-dog"]}), "results/quality/pairs.parquet")
    write_json({"loss": 0.25}, "results/models/a/meta.json")
    write_text("step,loss\n1,0.25\n", "results/models/a/loss.csv")
    write_text("<p>0.25 s</p>", "results/report.html")
    write_provenance(make_job())
    return tmp_path


def check(run: Path):
    record = read_record(run / PROVENANCE)
    return list(verify_run(record, run)), record


both_forms = pytest.mark.parametrize("finished", [False, True], indirect=True, ids=["loose", "packed"])


@both_forms
def test_a_whole_run_is_whole(finished):
    found, record = check(finished)
    assert found == []
    rules = [entry["rule"] for entry in record["results"]]
    assert rules == [rule for rule, paths in MADE.items() for _ in paths]
    assert next(e for e in record["results"] if e["path"] == f"results/edits/{SHARD}.parquet")["rows"] == 1
    assert "1 files" not in tell_findings(found, record, finished, CHECKOUT)
    assert tell_cure(found, record, finished, CHECKOUT) == []


@both_forms
@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_in_any_file_is_seen_and_named(finished, seed):
    chance = random.Random(seed)
    files = [path for path in (finished / "results").rglob("*") if path.is_file()]
    for path in sorted(path for path in files if path.name != PROVENANCE.name):
        content = path.read_bytes()
        spoiled = bytearray(content)
        spoiled[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(spoiled)
        os.utime(path, (seed, seed))
        found, record = check(finished)
        name = str(path.relative_to(finished))
        assert [one.kind for one in found] == [DAMAGED], name
        assert name.startswith(found[0].output.path), name
        assert tell_cure(found, record, finished, CHECKOUT), name
        path.write_bytes(content)


def test_what_is_gone_and_what_is_more_is_told(finished):
    (finished / f"results/edits/{SHARD}/s_1-dog.image_path.png").unlink()
    (finished / f"results/masks/{SHARD}/more.png").write_bytes(b"x")
    shutil.rmtree(finished / f"results/samples/{SHARD}")
    (finished / "results/own_notes").mkdir()
    (finished / "results/publish").mkdir()  # made on demand
    found, _ = check(finished)
    assert {(one.kind, one.path) for one in found} == {
        (MISSING, f"results/edits/{SHARD}/s_1-dog.image_path.png"),
        (DAMAGED, f"results/masks/{SHARD}"),
        (MISSING, f"results/samples/{SHARD}"),
        (EXTRA, "results/own_notes"),
    }


def test_a_lost_pack_is_one_finding_and_its_pictures_are_told_to_be_gone(finished):
    where, picture = f"results/edits/{SHARD}", f"results/edits/{SHARD}/1.png"
    with ShardWriter(where, f"{where}.parquet", packs=True) as writer:
        for name in ("0", "1"):
            (writer.folder / f"{name}.png").write_bytes(name.encode())
        told = {name: (writer.final_path(f"{name}.png"), sha256(name.encode()).hexdigest()) for name in "01"}
        rows = [{"edit_id": n, "image_path": path, "edited_sha256": own} for n, (path, own) in told.items()]
        frame = EDITS.frame(rows).astype(object)
        writer.finish(frame.where(frame.notna(), None), EDITS)
    write_provenance(make_job())
    pack = finished / where / f"{SHARD}.tar"
    assert check(finished)[0] == []
    own, results = told["1"][1], finished / "results"
    assert tell_picture(picture, own, results) == [("packed in", f"{where}/{SHARD}.tar")]
    (_, (_, text)) = tell_picture(picture, told["0"][1], results)
    assert "another content" in text
    content = pack.read_bytes()
    pack.write_bytes(content[:300])
    ((_, text),) = tell_picture(picture, own, results)
    assert "damaged" in text
    pack.unlink()
    ((_, text),) = tell_picture(picture, own, results)
    assert "not there" in text
    found, record = check(finished)
    assert [(one.kind, one.path) for one in found] == [(MISSING, where)] and "none of the 2" in str(found[0])
    assert tell_cure(found, record, finished, CHECKOUT)
    (finished / picture).write_bytes(b"1")
    assert tell_picture(picture, own, results) == []
    assert [one.path for one in check(finished)[0]] == [f"{where}/0.png"]


def test_a_table_with_other_times_alone_is_the_same_table(finished):
    table = EDITS.read(f"results/edits/{SHARD}.parquet")
    EDITS.write(table.assign(seconds=9.0), f"results/edits/{SHARD}.parquet")
    assert check(finished)[0] == []
    EDITS.write(table.assign(seed=9), f"results/edits/{SHARD}.parquet")
    assert [one.kind for one in check(finished)[0]] == [DAMAGED]


def test_a_lost_folder_of_edits_comes_back_with_its_table_kept(finished):
    shutil.rmtree(finished / f"results/edits/{SHARD}")
    found, record = check(finished)
    kept, made, back, whole = tell_cure(found, record, finished, CHECKOUT)[1:]
    assert kept.startswith("cp -p ") and back.startswith("mv ")
    assert made.endswith(f"-- results/edits/{SHARD}") and whole.startswith("snakemake ")


def test_two_records_of_the_same_inputs_differ_in_their_circumstances_alone(finished):
    first = read_record(finished / PROVENANCE)
    table = EDITS.read(f"results/edits/{SHARD}.parquet")
    EDITS.write(table.assign(seconds=9.0), f"results/edits/{SHARD}.parquet")
    write_text("<p>0.75 s</p>", "results/report.html")
    write_provenance(make_job())
    second = read_record(finished / PROVENANCE)
    assert first.pop("circumstances") != second.pop("circumstances")
    assert json.dumps(first) == json.dumps(second)


def test_a_damaged_record_is_told_from_a_damaged_run(finished):
    text = (finished / PROVENANCE).read_text()
    (finished / PROVENANCE).write_text(text.replace('"seed": 7', '"seed": 8'))
    with pytest.raises(RecordDamaged, match="not what was written"):
        read_record(finished / PROVENANCE)
    (finished / PROVENANCE).write_text(text[:200])
    with pytest.raises(RecordDamaged, match="cannot be read"):
        read_record(finished / PROVENANCE)


def test_weights_that_were_replaced_during_the_run_stop_the_record(finished):
    with pytest.raises(WeightsReplaced, match=r"masks\.weights.*Run the same line again"):
        write_provenance(make_job({"masks.weights": "0" * 16}))


def test_other_weights_than_those_of_the_run_are_told(finished):
    entry = {"key": "masks.weights", "path": WEIGHTS, "bytes": 1, "sha256": "0"}
    record = {**read_record(finished / PROVENANCE), "weights": [entry]}
    found = list(verify_run(record, finished))
    assert [one.kind for one in found] == [CHANGED]
    assert tell_cure(found, record, finished, CHECKOUT) == []


def test_machines_and_versions_are_those_of_the_logs(tmp_path):
    (tmp_path / "logs/remove_objects").mkdir(parents=True)
    (tmp_path / "benchmarks/remove_objects").mkdir(parents=True)
    (tmp_path / f"logs/remove_objects/{SHARD}.log").write_text(
        f"rule remove_objects (wildcards: shard={SHARD})\nsettings: {{}}\nweights: {{}}\n"
        "python 3.11.2, process 7, torch 2.8.0\nmachine: 4f3c2a1b\n"
    )
    (tmp_path / "logs/join_samples.log").write_text("rule join_samples (wildcards: none)\nsettings: {}\n")
    write_json({"device": "NVIDIA A100"}, tmp_path / f"benchmarks/remove_objects/{SHARD}.device.json")
    found = read_machines(tmp_path / "logs", tmp_path / "benchmarks")
    assert found["machines"] == {"4f3c2a1b": {"remove_objects": 1}, "not recorded": {"join_samples": 1}}
    assert found["shards"] == {SHARD: {"remove_objects": {"machine": "4f3c2a1b", "device": "NVIDIA A100"}}}
    assert read_versions(tmp_path / "logs") == {"python": "3.11.2", "torch": "2.8.0"}


def test_times_of_files_decide_nothing(finished):
    for path in (finished / "results").rglob("*"):
        os.utime(path, (1, 1))
    assert check(finished)[0] == []


def test_a_directory_that_is_not_there_is_told_as_such(tmp_path, capsys):
    assert command.main(["verify", "--directory", str(tmp_path / "misspelt")]) != 0
    assert f"{tmp_path / 'misspelt'} is not there; name the run" in capsys.readouterr().err


def test_the_file_of_a_folder_without_a_table_is_named(finished, monkeypatch):
    for name in ("server/options.py", "README.md"):
        (finished / "results/deploy" / name).parent.mkdir(parents=True, exist_ok=True)
        write_text("x = 1", finished / "results/deploy" / name)
    monkeypatch.setitem(MADE, "export_clip", ["results/deploy"])
    outputs = {"results/deploy": hash_content(finished / "results/deploy")}
    told = {"rule": "export_clip", "lineage": {}, "inputs": {}, "outputs": outputs}
    write_json(told, name_record("export_clip", {}))
    write_provenance(make_job())
    assert not check(finished)[0]
    write_text("x = 2", finished / "results/deploy/server/options.py")
    (finding,) = check(finished)[0]
    assert finding.kind == DAMAGED and "results/deploy/server/options.py has another" in finding.told
