"""Progress: measured seconds, jobs that ended badly, and the queue of a cluster."""

from collections import Counter

import pytest

from unscene.cli import command
from unscene.merging import progress
from unscene.merging.progress import (
    Progress,
    Stage,
    find_other_source,
    format_progress,
    read_durations,
    read_queue,
)
from unscene.run.queued_jobs import QueuedJob


def test_durations_are_means_over_all_runs(tmp_path):
    for run, rule, seconds in (("a", "masks/x.tsv", 10), ("b", "masks/y.tsv", 30), ("a", "join.tsv", 2)):
        path = tmp_path / run / "benchmarks" / rule
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{seconds}\t0\n")
    assert read_durations([tmp_path / "a", tmp_path / "b"]) == {"masks": 20, "join": 2}


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("10:00:00 INFO done in 1.0 s\n", False),
        ("10:00:00 ERROR failed after 2.0 s\nTraceback\n", True),
        ("10:00:00 ERROR stopped after 2.0 s: the disk is full\n", True),
        ("a photo ERROR failed after all\n", False),
    ],
)
def test_a_log_tells_whether_its_job_ended_badly(tmp_path, text, ended):
    (tmp_path / "job.log").write_text("x" * 50_000 + "\n" + text)
    assert progress._ended_badly(tmp_path / "job.log") is ended


def test_the_queue_is_counted_by_rule(tmp_path, monkeypatch):
    jobs = [QueuedJob("1", "running", "remove_objects"), QueuedJob("2", "pending", "remove_objects")]
    monkeypatch.setattr(progress, "list_queued_jobs", lambda run: jobs if run == tmp_path else [])
    monkeypatch.setattr(progress.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert read_queue(tmp_path) == {"remove_objects": Counter(running=1, pending=1)}
    monkeypatch.setattr(progress.shutil, "which", lambda name: None)
    assert read_queue(tmp_path) is None


def test_progress_reads_as_a_table():
    stages = {
        "masks": Stage(Counter(done=2, running=1, left=1), {"a", "b", "c", "d"}, {"c", "d"}),
        "report": Stage(Counter(left=1)),
    }
    told = format_progress(Progress(stages, seconds=7200, unmeasured=1, usd=1.5))
    assert told.splitlines()[1].split() == ["masks", "2/4", "2/4", "1", "0", "1"]
    assert "about 2.0 h" in told and "$1.50 spent" in told and "and 1 job of rules" in told


def make_lineage(name: str, code: str = "v1") -> dict:
    return {"settings": {"seed": 1, "source": {"name": name}}, "code": code, "weights": {}, "files": {}}


def test_results_of_another_config_are_told_from_those_of_other_code():
    now = {name: [make_lineage("pool"), make_lineage("scenes")] for name in ("read_samples", "make_edits")}
    unknown = {"rule": "gone", "lineage": make_lineage("mine")}
    older = {"rule": "read_samples", "lineage": make_lineage("scenes", "v0")}
    later = {"rule": "make_edits", "lineage": make_lineage("other")}
    other = {"rule": "read_samples", "lineage": make_lineage("mine")}
    assert find_other_source([unknown, older], now) is None
    assert find_other_source([unknown, later, other], now) == "mine"


def test_who_asks_gets_the_status_without_the_weights(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text(
        "train: {clip: null}\nedits: {backend: telea, weights: null}\nmasks: {weights: models/lost.pt}\n"
        "quality: {thresholds: {min_blur_ratio: null}}\n"
    )
    assert command.main(["status", "--directory", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "models/lost.pt is not there\n" in told and "nothing is left" not in told


def test_a_run_of_another_config_is_not_shown_as_not_begun(tmp_path, monkeypatch, capsys):
    found = Progress({"photos": Stage(Counter(left=3))}, other="mine")
    monkeypatch.setattr(progress, "read_progress", lambda *given: found)
    line = ["status", "--directory", str(tmp_path)]
    assert command.main(line) == 1
    told = capsys.readouterr()
    assert "source 'mine'" in told.err and "--configfile FILE" in told.err and not told.out
    (tmp_path / "config.yaml").write_text("seed: 3")
    assert command.main(line) == 0 and "0/3" in capsys.readouterr().out


def test_a_folder_that_is_no_part_is_not_counted_in_silence(tmp_path, capsys):
    (tmp_path / "copy/results").mkdir(parents=True)
    part = tmp_path / "copy/results"  # one too deep
    assert command.main(["status", "--directory", str(tmp_path), "--parts", str(part)]) == 1
    assert f"{part}: no part of a run is here" in capsys.readouterr().err
