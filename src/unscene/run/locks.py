"""Locks between the processes of one machine: held until given back, and freed by the kernel when
the holder dies.

The library `filelock` takes them, on handles that are opened here: its own locks on paths would
close in a forked child, and refuse a file that belongs to another user.
"""

import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor


def take_lock(path: str | Path, for_all_users: bool = False) -> int | None:
    """Return a handle that holds the file's lock until it is closed, or None while another process holds it.

    for_all_users: everybody on this machine can take the lock, whatever this process's umask. The
    file stays; who removes it must hold the lock. A child that gets the handle
    (`os.set_inheritable`, or by a fork) holds the lock as well.
    """
    path = Path(path)
    while True:
        handle = _open(path, for_all_users)
        if not lock_descriptor(handle, blocking=False):
            os.close(handle)
            return None
        # The holder before may have removed the file after this handle was opened: then it guards nothing.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)


def wait_for_lock(path: str | Path, told: str, poll_s: float = 0.5) -> int:
    """Return a handle that holds the file's lock; while another process has it, log `told` once and wait."""
    is_told = False
    while (handle := take_lock(path)) is None:
        if not is_told:
            logging.getLogger("unscene").warning("%s: %s", path, told)
            is_told = True
        time.sleep(poll_s)
    return handle


@contextmanager
def held_lock(path: str | Path, told: str) -> Iterator[None]:
    """Hold a file's lock during the block; see `wait_for_lock`."""
    handle = wait_for_lock(path, told)
    try:
        yield
    finally:
        os.close(handle)


def make_shared_folder(path: Path) -> None:
    """Make a folder in which all users of this machine can make files, and nobody can remove those
    of others.
    """
    if path.is_dir():
        return
    # Made aside and renamed: nobody sees it before its mode is set.
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    fresh.mkdir()
    fresh.chmod(0o1777)
    try:
        fresh.rename(path)
    except OSError:  # another process was faster
        fresh.rmdir()


def _open(path: Path, for_all_users: bool) -> int:
    """Return a handle of a lock's file, which is made when it is not there."""
    while True:
        # Without O_CREAT: in a folder for all, some kernels refuse it for a file of another user.
        with suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        if for_all_users:
            make_shared_folder(path.parent)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            if for_all_users:
                os.fchmod(handle, 0o666)
            with suppress(FileExistsError):  # another process was faster
                os.link(fresh, path)
        finally:
            os.close(handle)
            fresh.unlink()
