"""Folders that a command makes for a run, and that go again when the run is refused."""

import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What is written before a config is judged: Snakemake's folder, and how many photos a source has.
_BEFORE = (".snakemake", "state/sources.json")
# A lock that a killed Snakemake left tells that jobs began here.
_LOCKS = ".snakemake/locks"
# More than any number of refused runs at once; a link to nothing can never be made.
_MOST_TRIES = 100


@dataclass(frozen=True)
class HeldFolder:
    """A run's folder, with a shared lock of the kernel on it for as long as this process lives.

    made: the folder and those above it, the lowest first, as far as this process made them; empty where
    the folder was there. handle: holds the lock; None on a disk that has none.
    """

    made: tuple[Path, ...]
    handle: int | None


def hold_folder(folder: Path) -> HeldFolder:
    """Make a run's folder unless it is there, and hold it: no other process that calls this takes it away.

    Every run calls this before Snakemake looks at the folder, and one that is refused removes what it
    made under a lock of its own. So a run either finds the folder held, or makes it anew.
    """
    for _ in range(_MOST_TRIES):
        try:
            absent = [path for path in (folder, *folder.parents) if not path.exists()]
            made = tuple(path for path in reversed(absent) if _make(path))[::-1]
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # a refused run was about to take it away
            continue
        except OSError:  # a file in its place, a name too long, one that may not be made: Snakemake tells
            break
        mine = made if folder in made else ()
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
        except OSError:
            os.close(handle)
            return HeldFolder(mine, None)
        # Whoever took it away meanwhile had the lock, and this handle is one on a folder that is gone.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(folder)):
                return HeldFolder(mine, handle)
        os.close(handle)
    return HeldFolder((), None)


def take_away(held: HeldFolder) -> None:
    """Give a folder back; one that this process made is removed, with those above it that it made and
    that are empty.

    Nothing is removed while another run holds the folder, on a disk that has no locks to tell, or where
    it holds more than what is written before a config is judged.
    """
    if held.handle is None:
        return
    try:
        if held.made and _holds_alone(held.handle) and _is_early(held.made[0]):
            shutil.rmtree(held.made[0], ignore_errors=True)
            for path in held.made[1:]:
                with suppress(OSError):  # something else is in it
                    path.rmdir()
    finally:
        os.close(held.handle)


def _holds_alone(handle: int) -> bool:
    """Tell whether no other process holds a folder, and keep them waiting from here on if so."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_early(folder: Path) -> bool:
    """Tell whether a folder has nothing but what is written before a config is judged."""
    early = {folder / name for name in _BEFORE}
    return not any((folder / _LOCKS).glob("*")) and not any(
        _lies_beside(path, early) for path in folder.rglob("*")
    )


def _make(path: Path) -> bool:
    """Make one folder; False when another process did."""
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def _lies_beside(path: Path, early: set[Path]) -> bool:
    """Whether a path is a file that is not of the early ones, nor below one."""
    return not path.is_dir() and not early.intersection((path, *path.parents))
