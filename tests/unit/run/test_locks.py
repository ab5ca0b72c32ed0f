"""Locks: one holder, freed by any death, kept by a child that outlives it, and open to all users
where they shall be.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from unscene.run import locks
from unscene.run.locks import held_lock, make_shared_folder, take_lock, wait_for_lock

SOURCE = Path(locks.__file__).resolve().parents[2]
HOLD = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from unscene.run.locks import take_lock
handle = take_lock(sys.argv[2], for_all_users=len(sys.argv) > 3)
print("taken" if handle is not None else "held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def hold():
    """A function that starts a process which takes a lock; it returns (process, what it says)."""
    started = []

    def start(path, *more, **options):
        command = [sys.executable, "-c", HOLD, str(SOURCE), str(path), *more]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_one_process_holds_a_lock_and_any_death_frees_it(tmp_path, hold, caplog):
    path = tmp_path / "deep" / "a.lock"
    holder, said = hold(path)
    assert said == "taken" and take_lock(path) is None and hold(path)[1] == "held"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    handle = take_lock(path)
    assert handle is not None
    assert take_lock(path) is None  # nor does this process take it twice
    os.close(handle)
    with held_lock(path, "another one works"):
        assert hold(path)[1] == "held"
    assert hold(path)[1] == "taken"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.lock"]


def test_who_waits_says_so_once(tmp_path, hold, caplog, monkeypatch):
    holder, _ = hold(tmp_path / "a.lock")
    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            holder.kill()
            holder.wait()

    monkeypatch.setattr(locks.time, "sleep", sleep)
    with caplog.at_level("WARNING", logger="unscene"):
        os.close(wait_for_lock(tmp_path / "a.lock", "somebody works here"))
    assert [record.message.endswith("somebody works here") for record in caplog.records] == [True]


def test_a_lock_whose_file_went_guards_nothing(tmp_path):
    path = tmp_path / "a.lock"
    first = take_lock(path)
    path.unlink()  # by its holder, as the scratch does
    second = take_lock(path)
    assert second is not None and os.path.samestat(os.fstat(second), os.stat(path))
    os.close(first)
    assert take_lock(path) is None
    os.close(second)


def test_a_file_that_goes_between_opening_and_locking_is_not_taken_for_the_lock(tmp_path, monkeypatch):
    path = tmp_path / "a.lock"
    os.close(take_lock(path))
    real, calls = locks.lock_descriptor, []

    def lock(handle, blocking):
        calls.append(handle)
        if len(calls) == 1:
            path.unlink()  # the holder before ends just now
        return real(handle, blocking=blocking)

    monkeypatch.setattr(locks, "lock_descriptor", lock)
    handle = take_lock(path)
    assert len(calls) == 2 and os.path.samestat(os.fstat(handle), os.stat(path))
    os.close(handle)


def test_a_lock_for_all_users_is_open_to_them_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        shared = take_lock(tmp_path / "all" / "a.lock", for_all_users=True)
        own = take_lock(tmp_path / "own" / "a.lock")
        make_shared_folder(tmp_path / "all")  # there already
    finally:
        os.umask(before)
    modes = {name: (tmp_path / name).stat().st_mode & 0o7777 for name in ("all", "all/a.lock", "own/a.lock")}
    assert modes == {"all": 0o1777, "all/a.lock": 0o666, "own/a.lock": 0o600}
    os.close(shared), os.close(own)


def hold_as(user: int, path: Path) -> tuple[int, str]:
    """Fork a process of another user that takes a lock for all; return its id and what it says."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(user)
        os.setuid(user)
        os.umask(0o077)
        os.write(writer, b"taken" if take_lock(path, for_all_users=True) is not None else b"held")
        time.sleep(60)
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 10).decode()
    os.close(reader)
    return child, said


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be several users")
def test_two_users_do_not_hold_one_lock():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        Path(folder).chmod(0o1777)
        path = Path(folder, "devices", "a.lock")
        first, second = hold_as(65533, path), hold_as(65534, path)
        assert (first[1], second[1]) == ("taken", "held")
        end(first[0]), end(second[0])
        third = hold_as(65534, path)
        assert third[1] == "taken"
        end(third[0])
