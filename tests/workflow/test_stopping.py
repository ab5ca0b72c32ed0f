"""A run that is stopped, by Ctrl-C or for good: few lines, the way out, and nothing lost."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unscene.run.left_locks import is_locked
from workflow_runs import CHECKOUT, run_snakemake

pytestmark = pytest.mark.workflow
TINY = "tests/config/tiny.yaml"


def start(run: Path) -> subprocess.Popen:
    """Start a run in a group of its own, as a terminal does, and return it once a job is at work."""
    log = run.with_suffix(".txt")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(run)]
    command += ["--configfile", TINY]
    with open(log, "w") as out:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=out, stderr=out, start_new_session=True)
    process.log = log
    deadline = time.monotonic() + 120
    while not list((run / ".snakemake/scripts").glob("*.py")):
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return process


def read_name(process: str) -> str:
    """Return the name of a process, "" when it has ended."""
    with contextlib.suppress(OSError):
        return Path("/proc", process, "comm").read_text()
    return ""


def hold_jobs(group: int) -> list[int]:
    """Stop the jobs of a run where they are, once there is one: its script is written before it starts."""
    command = ["pgrep", "-g", str(group), "-f", ".snakemake/scripts"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.split()
        # A shell that is held before it has started Python is no job yet.
        found = [job for job in found if "python" in read_name(job)]
        with contextlib.suppress(ProcessLookupError):  # it ended in between: the next one, then
            for job in found:
                os.kill(int(job), signal.SIGSTOP)
            if found:
                return [int(job) for job in found]
    raise AssertionError("no job of the run was met at work")


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_says_what_to_do_and_nothing_else(tmp_path, times):
    process = start(tmp_path / "run")
    before = len(process.log.read_text().splitlines())
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    ends = (1,) if times == 1 else (1, -signal.SIGINT)  # a second one may meet the interpreter's exit
    assert process.wait(60) in ends
    after = process.log.read_text().splitlines()[before:]
    said = [line for line in after if line.strip()]
    assert "Nothing is lost: run the same line again" in "\n".join(said)
    assert len(said) <= 2 + times and "Traceback" not in process.log.read_text()
    assert not is_locked(tmp_path / "run")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # no job is left


def test_after_a_kill_the_lock_names_the_job_that_is_left_and_the_way_out(tmp_path):
    process = start(tmp_path / "run")
    jobs = hold_jobs(process.pid)  # they outlive what started them
    process.kill()
    process.wait()
    found = run_snakemake(tmp_path / "run", configfiles=(TINY,))
    said = found.stderr[found.stderr.rindex("\nunscene: ") :]
    assert found.returncode == 1 and "a job of it is still at work" in said and "--unlock" in said
    assert any(str(job) in said for job in jobs)
    os.killpg(process.pid, signal.SIGKILL)
    later = run_snakemake(tmp_path / "run", configfiles=(TINY,))
    assert later.returncode == 1 and "no process of it is left" in later.stderr
    asked = run_snakemake(tmp_path / "run", "--dry-run", configfiles=(TINY,))
    assert asked.returncode == 0 and "unscene:" not in asked.stderr  # it takes no lock
    freed = run_snakemake(tmp_path / "run", "--unlock", configfiles=(TINY,))
    assert freed.returncode == 0 and "unscene:" not in freed.stderr
