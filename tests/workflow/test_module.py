"""Another workflow that uses this one as a module, from a local clone, under names of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from unscene.run.checkout import CHECKOUT
from unscene.run.lineage import digest
from unscene.run.needed_jobs import built_workflow, list_needed_jobs

pytestmark = pytest.mark.workflow
FOREIGN = """
configfile: "mine.yaml"


module unscene:
    snakefile:
        "{checkout}/Snakefile"
    config:
        config["pairs"]


use rule * from unscene as unscene_*


rule count_masks:
    input:
        masks="results/masks/masks.parquet",
    output:
        "count.txt",
    shell:
        "wc -c < {{input.masks}} > {{output}}"


rule all:
    default_target: True
    input:
        rules.unscene_all.input,
        "count.txt",
"""
CONFIG = {
    "samples": {"sources": [{"name": "scenes", "format": "embedded", "photos": 8, "seed": 2107}]},
    "train": {"arms": {"paired": None, "absence": None}},
    "deploy": {"arm": "paired_rank_keep"},
}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "Snakefile").write_text(FOREIGN.format(checkout=CHECKOUT))
    (folder / "mine.yaml").write_text(yaml.safe_dump({"pairs": CONFIG, "colour": "red"}))
    (folder / "own.yaml").write_text(yaml.safe_dump(CONFIG))
    return folder


def read_jobs(folder: Path, snakefile: Path, configfiles: list[str]) -> dict[str, tuple[str, str]]:
    """Return {output: (rule, digest of its lineage)} of all jobs that have one."""
    with built_workflow(folder, {}, configfiles, snakefile) as workflow:
        jobs = [job for job in workflow.dag.jobs if hasattr(job.params, "lineage")]
        return {str(f): (job.rule.name, digest(job.params.lineage)) for job in jobs for f in job.output}


def test_the_module_s_jobs_are_those_of_the_workflow_itself(foreign, tmp_path):
    own = read_jobs(tmp_path, CHECKOUT / "Snakefile", [str(foreign / "own.yaml")])
    theirs = read_jobs(foreign, foreign / "Snakefile", [])
    assert "results/report.html" in own and "results/deploy" in own
    assert theirs == {path: (f"unscene_{rule}", lineage) for path, (rule, lineage) in own.items()}


def test_a_wrong_key_stops_it_and_is_named(foreign, tmp_path):
    (tmp_path / "Snakefile").write_text(FOREIGN.format(checkout=CHECKOUT))
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"pairs": {"maskss": {}}}))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "-n"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode and "maskss" in done.stderr and "Traceback" not in done.stderr


def test_it_runs_for_real_and_either_workflow_knows_what_was_made(foreign):
    target = "count.txt"
    command = [sys.executable, str(CHECKOUT / "tests/helpers/in_process_run.py")]
    command += ["--workflow-profile", str(CHECKOUT / "profiles/default"), "--", target]
    known = os.environ | {"PYTHONPATH": str(CHECKOUT / "src")}
    done = subprocess.run(command, cwd=foreign, env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int((foreign / target).read_text()) == (foreign / "results/masks/masks.parquet").stat().st_size
    assert (foreign / "results/records/segment_objects/scenes-0-of-1.json").is_file()
    made = {"render_scenes", "read_samples", "parse_keywords", "segment_objects"}
    theirs = list_needed_jobs(foreign, {}, [], foreign / "Snakefile")
    own = list_needed_jobs(foreign, {}, [str(foreign / "own.yaml")])
    assert own["remove_objects"] == theirs["unscene_remove_objects"] == 1
    assert not made & own.keys() and "count_masks" not in theirs
    assert not {f"unscene_{rule}" for rule in made} & theirs.keys()
