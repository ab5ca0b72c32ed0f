"""The word on a locked directory: who is told the way out, and who only looks."""

import subprocess
import sys

import pytest

from unscene.run import left_locks
from unscene.run.left_locks import LOCKS, asking, is_at_work, tell_of_lock, tell_work


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A locked run's directory, the current one."""
    (tmp_path / LOCKS).mkdir(parents=True)
    (tmp_path / LOCKS / "0.input.lock").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ends(monkeypatch):
    """What is to be called at the end of this process."""
    found = []
    monkeypatch.setattr(left_locks.atexit, "register", found.append)
    return found


def test_a_start_is_told_and_who_only_asks_is_not(run, ends, monkeypatch):
    monkeypatch.setattr(left_locks.sys, "argv", ["snakemake", "--cores", "1"])
    with asking():
        tell_of_lock(lambda: False)
    assert not ends
    tell_of_lock(lambda: False)
    assert len(ends) == 1
    monkeypatch.setattr(left_locks.sys, "argv", ["snakemake", "-n"])
    tell_of_lock(lambda: False)
    assert len(ends) == 1


def test_who_looks_at_a_run_at_work_is_asked_to_do_nothing(run):
    waits = "import sys; print('up', flush=True); sys.stdin.read()  # as snakemake"
    with subprocess.Popen(
        [sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as driver:
        driver.stdout.readline()
        told, at_work = tell_work(run), is_at_work(run)
        driver.stdin.close()
    assert told == f"a run is at work here (process {driver.pid})"
    assert at_work and not is_at_work(run)
    assert "was killed" in tell_work(run) and "--unlock" in tell_work(run)
