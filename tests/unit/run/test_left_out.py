"""Results that a run leaves out for want of pairs: the notes, and the jobs that write and read them."""

import os
import signal
from types import SimpleNamespace

import pandas as pd
import pytest

from unscene.machine.job import Job, open_job
from unscene.run.left_out import LeftOut, read_left_out, tell_left_out, write_left_out
from unscene.run.tables import write_json, write_table

ENDS = "the run ends in pairs and results/report.html; no arm was tested"
WHY = "paired batches of train.batch_pairs=16 need 16 photo groups, the training part has 4"


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def run_job(inputs: dict, outputs: dict, rule: str = "evaluate_clip", reason: str | None = None) -> list[str]:
    """Run a job as an adapter does, which writes `made` into its outputs; return what it was handed."""
    lineage = {"rule": rule, "settings": {}, "code": "1", "parents": []}
    snakemake = SimpleNamespace(
        input=inputs,
        output=outputs,
        wildcards={},
        params=SimpleNamespace(lineage=lineage),
        config={"runtime": {}},
        threads=1,
        rule=rule,
        log=[f"logs/{rule}.log"],
    )
    worked = []
    with open_job(snakemake) as job:
        worked.append(job.rule)
        if reason:
            raise LeftOut(reason)
        for path in job.outputs.values():
            write_json({"made": True}, path)
    return worked


def test_a_note_stands_for_a_file_and_for_a_folder_and_nothing_else_is_one(tmp_path):
    (tmp_path / "deploy/old").mkdir(parents=True)
    write_left_out(WHY, ["models/a.safetensors", "deploy"])
    assert read_left_out("models/a.safetensors") == read_left_out("deploy") == WHY
    assert [path.name for path in (tmp_path / "deploy").iterdir()] == ["left_out.json"]
    write_table(pd.DataFrame({"left_out": [WHY]}), tmp_path / "table.parquet")
    write_json({"reason": WHY}, tmp_path / "some.json")
    for path in ("table.parquet", "some.json", "absent", "models"):
        assert read_left_out(path) is None


def test_a_job_that_lacks_pairs_ends_well_and_so_does_all_that_follows(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run_job({}, {"meta": "models/meta.json", "loss": "models/loss.csv"}, "train_clip", reason=WHY)
    assert end.value.code == 0
    write_json({"real": 1}, tmp_path / "pairs.json")
    with pytest.raises(SystemExit) as end:
        run_job({"pairs": "pairs.json", "models": ["models/meta.json"]}, {"items": "items.parquet"})
    assert end.value.code == 0
    assert read_left_out("models/loss.csv") == read_left_out("items.parquet") == WHY
    assert (tmp_path / "results/records/evaluate_clip.json").is_file()  # unscene verify holds it against this
    # What says what was left out does its work all the same.
    assert run_job({"items": "items.parquet"}, {"page": "report.json"}, "write_report") == ["write_report"]
    assert read_left_out("report.json") is None
    capsys.readouterr()
    tell_left_out(tmp_path / "logs", 0)
    told = capsys.readouterr().err
    assert (
        told.count("\n") == 2
        and f"the run is whole but for train_clip, evaluate_clip, left out, for want of pairs: {WHY}\n"
        in told
    )
    tell_left_out(tmp_path / "logs", 4e9)
    assert capsys.readouterr().err == ""


def test_a_model_of_all_pairs_is_no_training_that_did_not_happen(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run_job({}, {"items": "results/metrics/items.parquet"}, reason=WHY)
    capsys.readouterr()
    tell_left_out(tmp_path / "logs", 0)
    told = capsys.readouterr().err
    assert told == f"\nunscene: {ENDS}, for want of pairs: {WHY}\n"
    write_json({"step": 3}, tmp_path / "results/models/absence/all/meta.json")
    tell_left_out(tmp_path / "logs", 0)
    assert f"{WHY}. The model of all pairs is there, untested: results/models/absence/all\n" in (
        capsys.readouterr().err
    )


def test_more_pairs_bring_the_results_back(tmp_path):
    write_left_out(WHY, ["items.json"])
    assert run_job({}, {"items": "items.json"}) == ["evaluate_clip"]
    assert read_left_out("items.json") is None


def test_what_a_job_has_made_is_not_lost_to_a_signal_at_its_end(monkeypatch):
    """Snakemake deletes the outputs of a job that a signal ends, however finished they are."""
    monkeypatch.setattr(Job, "record", lambda job: os.kill(os.getpid(), signal.SIGTERM))
    assert run_job({}, {"items": "items.json"}) == ["evaluate_clip"]
