"""How a job ends in its log."""

import errno
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from short_readers import read_first_line
from unscene.run.logs import log_job
from unscene.run.stops import DiskFull, KnownStop
from unscene.run.tables import replaced_atomically, write_json


def end_job(tmp_path, error):
    job = SimpleNamespace(log=[tmp_path / "job.log"], rule="r", wildcards={}, params=None)
    with pytest.raises(BaseException) as stop, log_job(job):
        raise error
    return stop.value, (tmp_path / "job.log").read_text()


def test_a_known_stop_is_told_once_and_without_a_traceback(tmp_path, capsys):
    class Stop(KnownStop, RuntimeError):
        pass

    end, log = end_job(tmp_path, Stop("nothing was sent; raise the budget"))
    assert isinstance(end, SystemExit) and end.code == 1
    for text in (log, capsys.readouterr().err):
        assert text.count("raise the budget") == 1 and "Traceback" not in text


SNAKEFILE = """
import time
from pathlib import Path
from unscene.run.logs import tell_stops_last
STARTED = time.time()
rule all:
    output: "a"
    log: "logs/r/a.log"
    shell: "cp {end}.log {{log}}; exit 1"
onerror:
    tell_stops_last(Path("logs"), STARTED)
"""


@pytest.mark.parametrize("end", ["stop", "fault"])
def test_the_last_lines_of_a_run_are_those_of_its_known_stop(tmp_path, end):
    """A log of an earlier run says nothing any more, and a fault of ours has no such lines."""
    for name, error in (("stop", KnownStop("no money left.\nTop it up")), ("fault", RuntimeError("a bug"))):
        end_job(tmp_path, error)
        (tmp_path / "job.log").rename(tmp_path / f"{name}.log")
    (tmp_path / "logs").mkdir()
    shutil.copy(tmp_path / "stop.log", tmp_path / "logs/old.log")
    os.utime(tmp_path / "logs/old.log", (1e9, 1e9))
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(end=end))
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode == 1 and "Error in rule" in run.stderr
    assert run.stderr.endswith("\nunscene: no money left.\nTop it up\n") is (end == "stop")
    assert run.stderr.count("no money left") == (end == "stop")


def test_any_other_error_keeps_its_traceback(tmp_path):
    end, log = end_job(tmp_path, RuntimeError("a fault of ours"))
    assert isinstance(end, RuntimeError) and "Traceback" in log


def test_a_terminal_that_nobody_reads_any_more_stops_no_job(tmp_path, checkout):
    job = (
        "from types import SimpleNamespace\n"
        "from unscene.run.logs import log_job\n"
        "with log_job(SimpleNamespace(log=['job.log'], rule='r', wildcards={}, params=None)):\n"
        "    for line in range(50000): print('line', line)\n"
    )
    read = read_first_line(job, tmp_path, checkout)
    log = (tmp_path / "job.log").read_text()
    assert (read.returncode, read.stdout) == (0, "line 0\n") and "Error" not in read.stderr
    assert "line 49999" in log and "INFO done in" in log


def test_a_full_disk_is_told_with_the_file_and_leaves_the_old_one(tmp_path):
    path = tmp_path / "batches.json"
    write_json({"a": 1}, path)
    before = path.read_bytes()
    with (
        pytest.raises(DiskFull, match="batches.json: the disk is full .*run the same command again"),
        replaced_atomically(path),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["batches.json"]
    with pytest.raises(ConnectionResetError), replaced_atomically(path):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
