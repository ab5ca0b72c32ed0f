"""What SLURM's queue has of a run, and what a start says of it; the real queue is asked in tests/slurm."""

import pytest

from unscene.run import left_locks
from unscene.run.queued_jobs import QueuedJob, find_orphans, list_queued_jobs

OWN, OTHER = "unscene_0fc0aab3", "unscene_77e1d0c2"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run's directory with a log of one start on SLURM; the queue has jobs of it and of another run."""
    folder = tmp_path / "run"
    (folder / ".snakemake/log").mkdir(parents=True)
    (folder / ".snakemake/log/2026-11-28T190943.snakemake.log").write_text(f"Host: x\nSLURM run ID: {OWN}\n")
    (folder / ".snakemake/log/2026-11-28T190000.snakemake.log").write_text("a start without SLURM\n")
    queue = tmp_path / "queue"
    queue.write_text(
        f"{OWN}|12|RUNNING|rule_remove_objects_wildcards_a-0-of-2\n"
        f"{OTHER}|13|RUNNING|rule_remove_objects_wildcards_b\n"
        f"{OWN}|14|PENDING|rule_join_samples\n"
    )
    squeue = tmp_path / "bin/squeue"
    squeue.parent.mkdir()
    squeue.write_text(
        '#!/bin/sh\nfor each in "$@"; do case $each in --name=*) name=${each#--name=};; esac; done\n'
        f"grep \"^$name|\" {queue} | cut -d '|' -f 2-\n[ ! -e {tmp_path}/down ]\n"
    )
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{squeue.parent}:/usr/bin:/bin")
    return folder


def test_jobs_of_this_run_are_listed_and_no_others(run):
    assert list_queued_jobs(run) == [
        QueuedJob("12", "running", "remove_objects"),
        QueuedJob("14", "pending", "join_samples"),
    ]


def test_a_start_beside_jobs_of_an_earlier_one_is_told_how_to_end_them(run):
    told = find_orphans(run)
    assert "scancel 12 14" in told and "1 remove_objects, 1 join_samples" in told


def test_a_locked_run_names_the_jobs_that_its_killed_snakemake_left(run, monkeypatch):
    monkeypatch.setattr(left_locks, "list_processes", lambda run: ([], []))
    told = left_locks.describe_lock(run)
    assert "2 jobs in SLURM's queue" in told and "scancel 12 14" in told and "--unlock" in told


def test_a_queue_that_does_not_answer_stops_a_start(run, tmp_path):
    (tmp_path / "down").touch()
    assert "squeue does not answer" in find_orphans(run)


def test_a_run_that_never_was_on_a_cluster_asks_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("subprocess.run", None)
    assert list_queued_jobs(tmp_path) == [] and find_orphans(tmp_path) is None
