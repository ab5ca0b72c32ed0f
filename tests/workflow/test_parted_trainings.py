"""Trainings on machines that share nothing: by arms, by repeats and by folds, from copies of one run with its
pairs; merged, they are the single run.
"""

import shutil
from pathlib import Path

import pytest
from test_parts import read_results, run_instantly

from unscene.merging.merge import merge_parts
from unscene.run.checkout import CHECKOUT
from unscene.run.needed_jobs import list_needed_jobs

pytestmark = pytest.mark.workflow
CONFIG = """
samples: {sources: [{name: scenes, format: embedded, photos: 8, seed: 2107}]}
folds: {folds: 2}
train: {seeds: [0, 1], arms: {absence: null}}
deploy: {arm: paired_rank_keep}
"""
PAIRS = ["results/quality/pairs.parquet", "results/folds/check.json", "results/folds/leaks.parquet"]


@pytest.fixture
def pairs(tmp_path) -> tuple[Path, Path]:
    """Return (config, a run with its pairs and folds, and no model)."""
    config, run = tmp_path / "run.yaml", tmp_path / "pairs"
    config.write_text(CONFIG)
    run_instantly(run, [config], "--", *PAIRS)
    return config, run


def copy_run(run: Path, copy: Path) -> Path:
    """Copy what a machine has made as a transport does: times are lost, and Snakemake's notes with them."""
    shutil.copytree(run / "results", copy / "results", copy_function=shutil.copyfile)
    return copy


def name_metrics(arm: str, seeds: str = "01") -> list[str]:
    return [f"results/metrics/{arm}/fold{fold}-seed{seed}.json" for seed in seeds for fold in "01"]


def test_arms_and_repeats_of_several_machines_become_the_single_run(pairs, tmp_path):
    config, run = pairs
    shares = {
        "one": name_metrics("paired_rank_keep", "0"),
        "two": name_metrics("paired_rank_keep", "1"),
        "three": name_metrics("zero_shot") + name_metrics("paired"),
    }
    machines = []
    for name, share in shares.items():
        machine = shutil.copytree(run, tmp_path / f"machine {name}")
        run_instantly(machine, [config], "--", *share)
        machines.append(copy_run(machine, tmp_path / f"copy {name}"))
    needed = list_needed_jobs(run, configfiles=[str(config)])
    assert (needed["train_clip"], needed["evaluate_clip"]) == (6, 8)

    found = merge_parts(machines, run, [str(config)], CHECKOUT / "Snakefile")

    assert not (found.damaged or found.other or found.missing)
    left = list_needed_jobs(run, configfiles=[str(config)])
    # Two arms are trained and three tested, with both seeds: `originals` is left.
    assert (left["train_clip"], left["evaluate_clip"]) == (2, 2)
    single = tmp_path / "single"
    run_instantly(run, [config])
    run_instantly(single, [config])
    assert read_results(run) == read_results(single)
    # Folds apart: a job each there, a job for all of them in the whole again.
    apart = tmp_path / "apart.yaml"
    apart.write_text("runtime: {folds_together: false}\n")
    shutil.rmtree(run / "results/models/originals")
    parts = []
    for fold in "01":
        machine = shutil.copytree(run, tmp_path / f"fold {fold}")
        target = f"results/models/originals/fold{fold}/seed0/meta.json"
        run_instantly(machine, [config, apart], "--", target)
        parts.append(copy_run(machine, tmp_path / f"copy of fold {fold}"))
    assert list_needed_jobs(run, configfiles=[str(config)])["train_clip"] == 2
    merge_parts(parts, run, [str(config), str(apart)], CHECKOUT / "Snakefile")
    assert list_needed_jobs(run, configfiles=[str(config)])["train_clip"] == 1  # seed 1
