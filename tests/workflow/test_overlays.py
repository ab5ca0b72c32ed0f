"""The overlays of the large runs: dry runs on a checkout of links with empty stand-ins for data and
weights.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stand_in_weights import write_stand_in

OVERLAYS = {"coco30k": 15, "cc3m": 184}  # shards of each that are edited
POOL_SHARDS = {"coco30k": 15, "cc3m": 2}
PER_SHARD = (
    "read_samples",
    "build_keyword_requests",
    "answer_keywords",
    "parse_keywords",
    "segment_objects",
    "remove_objects",
    "score_edits",
)
WEIGHTS = ("masks.weights", "edits.weights", "quality.judge", "train.clip")


@pytest.fixture
def stand_in(checkout, tmp_path) -> Path:
    """A checkout made of links to this one, without models/ and data/."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Snakefile").write_text((checkout / "Snakefile").read_text())
    for name in ("src", "workflow", "config", "profiles", "resources", "envs"):
        (folder / name).symlink_to(checkout / name)
    return folder


def look_up(overlay: dict, dotted: str) -> str:
    for part in dotted.split("."):
        overlay = overlay[part]
    return overlay


def make_files(folder: Path, overlay: dict) -> None:
    for key in WEIGHTS:
        write_stand_in(folder / look_up(overlay, key), key)
    for source in overlay["samples"]["sources"]:
        if "instances" in source:
            labels = folder / source["instances"]
            labels.parent.mkdir(parents=True, exist_ok=True)
            labels.touch()


def run_dry(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--cores", "1"]
    command += ["--directory", str(folder / "run"), "--configfile", f"config/{name}.yaml", *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, timeout=300)


def count_jobs(output: str) -> dict[str, int]:
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)}


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_short_and_says_that_it_is_untried(checkout, name):
    text = (checkout / "config" / f"{name}.yaml").read_text()
    assert len(text.splitlines()) <= 40
    assert "Nobody has run it" in text


@pytest.mark.workflow
@pytest.mark.parametrize("name", OVERLAYS)
def test_a_dry_run_plans_every_shard(checkout, stand_in, name):
    overlay = yaml.safe_load((checkout / "config" / f"{name}.yaml").read_text())
    make_files(stand_in, overlay)
    done = run_dry(stand_in, name)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = count_jobs(done.stdout)
    expected = dict.fromkeys(PER_SHARD, OVERLAYS[name])
    expected["read_samples"] += POOL_SHARDS[name]
    assert {rule: jobs.get(rule) for rule in PER_SHARD} == expected
    assert "render_scenes" not in jobs
    default = yaml.safe_load((checkout / "config" / "config.yaml").read_text())
    arms = default["train"]["arms"] | overlay["train"].get("arms", {})
    trained = [arm for arm in arms.values() if arm]
    seeds = overlay["train"].get("seeds", default["train"]["seeds"])
    assert jobs["train_clip"] == len(trained) * len(seeds)  # all folds in one job
    assert jobs["estimate_run"] == jobs["join_samples"] == jobs["split_folds"] == jobs["write_report"] == 1


@pytest.mark.workflow
def test_missing_weights_are_named_with_their_key(stand_in):
    done = run_dry(stand_in, "coco30k")
    assert done.returncode == 1
    assert re.search(
        r"masks\.weights:\s+\S+models/yolo26x-seg\.pt\s+is\s+not\s+there", done.stdout + done.stderr
    )


@pytest.mark.workflow
def test_a_plan_comes_before_weights_and_data(stand_in, monkeypatch):
    monkeypatch.setenv("UNSCENE_PLAN", "1")
    done = run_dry(stand_in, "coco30k", "--", "results/plan.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert count_jobs(done.stdout) == {"estimate_run": 1, "total": 1}
