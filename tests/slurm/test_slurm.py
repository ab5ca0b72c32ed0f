"""The workflow on a real SLURM, by a site's own profile: GPUs, faults, and the same results as without."""

import pytest

from cluster_faults import (
    CANCELLED,
    CLEAR,
    GREEDY,
    SLOW,
    SURVIVED,
    interrupt_driver,
    kill_driver,
    print_outcome,
    run_whole,
)
from cluster_runs import CHECKOUT, Run, write_profile
from slurm_cluster import ALL_GPUS, NODES

pytestmark = [pytest.mark.slurm, pytest.mark.dear]
MODEL = "results/models/paired/fold0/seed0"
TRAINED = tuple(f"results/models/paired/fold{fold}/seed0/meta.json" for fold in (0, 1))


def test_the_whole_workflow_runs_on_a_cluster_and_outlives_what_breaks(cluster, tmp_path, local_results):
    """More GPU jobs than GPUs, each with its own; one out of memory, one out of time, one cancelled."""
    found = run_whole(cluster, tmp_path, local_results)
    print_outcome(found)
    seen = found.notes
    assert (seen["code"], seen["differing"]) == (0, [])
    assert found.faults == dict.fromkeys(("out of memory", "out of time", "cancelled"), SURVIVED), seen
    assert seen["gpu_jobs"] >= 12 and seen["gpus_at_once"] == ALL_GPUS and seen["steps_at_once"] <= ALL_GPUS
    assert seen["devices"] == [(node, gpu) for node in NODES for gpu in ("0", "1")]
    assert seen["shared"] == [] and seen["misplaced"] == []
    # Text work of seconds is done where Snakemake runs, and nothing was sent but for its own sake.
    assert seen["local"] > seen["submitted"] / 3
    assert seen["submitted"] == len(found.jobs)
    assert "COMPLETED" in seen["states"][GREEDY] and "TIMEOUT" in seen["states"][SLOW]
    assert "CANCELLED" in seen["states"][CANCELLED]


def test_a_killed_driver_leaves_jobs_that_the_next_start_names(cluster, tmp_path, local_results):
    found = kill_driver(cluster, tmp_path, local_results)
    print_outcome(found)
    assert list(found.faults.values()) == [CLEAR, CLEAR, SURVIVED], found.notes
    assert sum(job["rule"].endswith("read_samples_wildcards_scenes-0-of-4") for job in found.jobs) == 2


def test_ctrl_c_ends_the_jobs_and_the_same_line_goes_on(cluster, tmp_path, local_results):
    found = interrupt_driver(cluster, tmp_path, local_results)
    print_outcome(found)
    assert found.faults == {"Ctrl-C": SURVIVED}, found.notes


def test_a_training_out_of_time_goes_on_after_its_last_saved_step(cluster, tmp_path):
    """With the real steps: what is trained in two jobs is what is trained in one without SLURM."""
    config = CHECKOUT / "tests/config/one_arm.yaml"
    alone = Run(tmp_path, config=config, has_stand_ins=False)
    assert alone.run("--", *TRAINED) == 0, alone.said
    models = {path.name: path.read_bytes() for path in (alone.directory / MODEL).iterdir()}
    for trained in TRAINED:
        (alone.directory / trained).unlink()

    mark = tmp_path / "hung"
    slow = {"PYTHONPATH": str(CHECKOUT / "tests/slurm/slow_training"), "STAND_IN_MARK": str(mark)}
    run = Run(tmp_path, cluster, write_profile(tmp_path / "site"), config, has_stand_ins=False, more=slow)
    driver = run.start(*TRAINED)
    try:
        cluster.wait_for(lambda: mark.exists() or driver.poll() is not None, 900)
        assert mark.exists(), run.said
        cluster.let_time_run_out(mark.read_text())
        assert driver.wait(900) == 0, run.said
    finally:
        driver.kill()
    jobs = sorted(cluster.list_jobs(), key=lambda job: int(job["id"]))
    assert [job["state"] for job in jobs] == ["TIMEOUT", "COMPLETED"]
    assert jobs[1]["minutes"] == "8:00:00"  # the rule asks for two hours a fold, of two folds
    assert mark.read_text() == jobs[0]["id"]
    logs = "".join(path.read_text() for path in (run.directory / "logs/train_clip").iterdir())
    assert "going on after step 2 of" in logs
    again = {path.name: path.read_bytes() for path in (run.directory / MODEL).iterdir()}
    assert again["open_clip_model.safetensors"] == models["open_clip_model.safetensors"]
    assert again["loss.csv"] == models["loss.csv"]
