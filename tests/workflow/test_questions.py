"""Questions about a run (`unscene why`, `unscene status`): they change nothing, and say what differs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from changed_runs import ask
from unscene.cli.command import main
from unscene.run.needed_jobs import format_inspection
from workflow_runs import CHECKOUT

pytestmark = pytest.mark.workflow

DEFAULT = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
FEW = "train.batch_pairs: a batch of 400"


@pytest.fixture
def overlay(tmp_path) -> Path:
    """A config with a further source, which is not counted yet, and more pairs a batch than there are."""
    table = tmp_path / "own.csv"
    table.write_text("path,caption\na.jpg,a dog\n")
    own = {"name": "two", "format": "table", "table": str(table)}
    path = tmp_path / "two.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "samples": {"sources": [*DEFAULT["samples"]["sources"], own]},
                "train": {"batch_pairs": 400},
                "runtime": {"allow_toy": True},
            }
        )
    )
    return path


def list_files(run: Path) -> dict:
    """Return the files of a run with their times, but for Snakemake's own."""
    files = [path for path in run.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.mark.parametrize("name", ["why", "status"])
def test_a_question_changes_no_file_and_gives_no_advice_for_a_start(name, finished, overlay, capsys):
    before = list_files(finished)
    assert main([name, "--directory", str(finished), "--configfile", str(overlay)]) == 0
    told = capsys.readouterr()
    assert ("read_samples (1 job)" in told.out) == (name == "why")
    assert "Source two has 1 photo" in told.err and "kept in" not in told.err
    assert FEW not in told.err
    assert list_files(finished) == before


def test_a_run_gets_the_advice_and_keeps_what_was_counted(tmp_path, overlay):
    command = [sys.executable, "-m", "snakemake", "-n", "--directory", tmp_path / "run"]
    command += ["--configfile", overlay]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT / "src")}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and FEW in done.stderr, done.stdout[-2000:]
    assert (tmp_path / "run/state/sources.json").is_file()


def test_inputs_that_a_config_adds_or_drops_are_named(finished, tmp_path):
    run = Path(shutil.copytree(finished, tmp_path / "run", symlinks=True))
    metas = list(run.glob("results/models/originals/fold0/seed0/meta.json"))
    for meta in metas:  # as where its training ended last
        os.utime(meta)
    told = format_inspection(ask(run, {"deploy": {"arm": "originals"}}, is_copy=True))
    assert metas and "newer" not in told.partition("draw_retrieval")[2].partition("compare_arms_on_sets")[0]
    assert "    reads now: results/models/originals/fold0/seed0/meta.json\n" in told
    assert "    reads no longer: results/models/absence/fold0/seed0/meta.json\n" in told


def test_a_key_that_is_no_longer_read_and_a_path_that_is_dropped_are_said_so(finished):
    told = format_inspection(ask(finished, {"quality": {"thresholds": {"max_residual": 0.5}}}))
    assert "    reads no longer: results/quality/control_scores.parquet\n" in told
    assert "quality.control_percentile: 0.99 -> not used" in told
    assert "train.clip: a path -> null" in format_inspection(ask(finished, {"train": {"clip": None}}))
