"""All folds of an arm and seed in one job: each by itself, and what is finished is not done again."""

import os
from pathlib import Path

import pytest

from unscene.machine.fold_work import work_on_folds
from unscene.machine.job import Job


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A run's folder with models of three folds, in which the process stands."""
    monkeypatch.chdir(tmp_path)
    for fold in range(3):
        Path(f"model{fold}").write_text(f"model {fold}")
    Path("pairs").write_text("pairs")
    Path("results").mkdir()
    return tmp_path


def make_job(lineage="a", **wildcards):
    folds = range(3) if "fold" not in wildcards else [wildcards["fold"]]
    return Job(
        inputs={"pairs": "pairs", "model": [f"model{fold}" for fold in range(3)], "sham": []},
        outputs={name: [f"results/{fold}.{name}" for fold in folds] for name in ("json", "table")},
        wildcards={"arm": "paired", "seed": "0", **wildcards},
        rule="evaluate_clip",
        lineage={"settings": lineage},
    )


class Work:
    """Writes a fold's outputs, notes which folds it was asked for, and fails at one of them."""

    def __init__(self, fails_at=None):
        self.folds, self.fails_at = [], fails_at

    def __call__(self, job):
        self.folds.append(int(job.wildcards["fold"]))
        assert job.inputs.pairs == "pairs" and job.inputs.sham is None
        Path(job.outputs.table).write_text(f"{job.wildcards} {Path(job.inputs.model).read_text()}")
        if self.folds[-1] == self.fails_at:
            raise RuntimeError("no")
        Path(job.outputs.json).write_text("{}")


def lose_outputs():
    """What Snakemake does with the outputs of a job that failed."""
    for path in Path("results").iterdir():
        path.unlink()


def test_each_fold_has_its_own_model_and_files(folder):
    work = Work()
    work_on_folds(make_job(), work, ["model"])
    assert work.folds == [0, 1, 2]
    for fold in range(3):
        text = Path(f"results/{fold}.table").read_text()
        assert f"'fold': '{fold}'" in text and text.endswith(f"model {fold}")
    assert not list(Path("state/scratch/evaluate_clip").iterdir())


def test_a_job_of_one_fold_takes_that_folds_model(folder):
    work = Work()
    work_on_folds(make_job(fold="2"), work, ["model"])
    assert work.folds == [2] and sorted(os.listdir("results")) == ["2.json", "2.table"]
    assert Path("results/2.table").read_text().endswith("model 2")


def test_an_untuned_arm_has_no_model(folder):
    job = make_job()
    job.inputs["model"] = []
    seen = []

    def work(one):
        seen.append(one.inputs.model)
        for path in one.outputs.values():
            Path(path).write_text("x")

    work_on_folds(job, work, ["model"])
    assert seen == [None] * 3


def test_what_was_finished_is_not_done_again(folder):
    with pytest.raises(RuntimeError, match="no"):
        work_on_folds(make_job(), Work(fails_at=1), ["model"])
    before = Path("results/0.table").read_text()
    lose_outputs()
    work = Work()
    work_on_folds(make_job(), work, ["model"])
    assert work.folds == [1, 2]
    assert Path("results/0.table").read_text() == before and Path("results/0.json").read_text() == "{}"
    assert len(os.listdir("results")) == 6
    lose_outputs()  # nothing of a finished job is kept
    work = Work()
    work_on_folds(make_job(), work, ["model"])
    assert work.folds == [0, 1, 2]


@pytest.mark.parametrize("changed", ["lineage", "model", "kept file"])
def test_what_has_changed_since_is_done_again(folder, changed):
    with pytest.raises(RuntimeError):
        work_on_folds(make_job(), Work(fails_at=2), ["model"])
    lose_outputs()
    if changed == "model":
        Path("model0").write_text("another")
    if changed == "kept file":
        next(Path("state/scratch").rglob("files/0-table")).write_text("torn")
    work = Work()
    work_on_folds(make_job("b" if changed == "lineage" else "a"), work, ["model"])
    assert work.folds == ([0, 1, 2] if changed == "lineage" else [0, 2])
    assert "torn" not in Path("results/0.table").read_text()
