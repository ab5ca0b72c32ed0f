"""Folders that appear whole or not at all, and what lies below one."""

import glob
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unscene.run.stops import KnownStop


class FolderError(KnownStop, OSError):
    """A folder that cannot be read; the message names it and the way out."""


def walk_folders(path: str | Path, with_hidden: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder from `path` down, with the names of its files; linked folders come last.

    No folder is walked twice, whatever links lead to it, and none that `path` itself lies in.
    Raises FolderError for a folder that cannot be read: what is in it would be missing in silence.
    A hidden one, or a disk's `lost+found`, is passed over.
    """
    root = os.path.realpath(path)
    seen: set[str] = set()
    waiting = [str(path)]
    while waiting:
        for where, folders, names in os.walk(waiting.pop(0), onerror=_stop):
            folders[:] = sorted(name for name in folders if with_hidden or not name.startswith("."))
            real = os.path.realpath(where)
            if real in seen or (real != root and os.path.commonpath([root, real]) == real):
                folders.clear()
                continue
            seen.add(real)
            below = [os.path.join(where, name) for name in folders]
            waiting += filter(os.path.islink, below)
            yield where, names


def _stop(error: OSError) -> None:
    name = os.path.basename(error.filename)
    if name.startswith(".") or name == "lost+found":  # the system's own: no photo is looked for there
        return
    message = f"{error.filename} cannot be read ({error.strerror}): make it readable, or move it out"
    raise FolderError(message) from error


@contextmanager
def replaced_folder(path: str | Path) -> Iterator[Path]:
    """Yield a private folder beside `path`; when the block ends well it takes the place of `path`,
    else nothing changes.

    What killed jobs left beside it is removed first: no two jobs write the same folder at one time.
    """
    folder = open_beside(path)
    try:
        yield folder
        put_in_place(folder, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def open_beside(path: str | Path) -> Path:
    """Return a new, empty folder beside `path` with a name of its own, after removing what killed
    jobs left there.
    """
    path = Path(path)
    remove_left(path)
    folder = _name_beside(path)
    folder.mkdir(parents=True)
    return folder


def remove_left(path: str | Path) -> None:
    """Remove what killed jobs left beside a file or folder; no other job may be writing it."""
    path = Path(path)
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}.tmp"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def put_in_place(folder: Path, path: str | Path) -> None:
    """Rename a folder to `path`; what was there goes away once the new one stands."""
    path, old = Path(path), None
    if path.is_dir():
        old = _name_beside(path)
        path.rename(old)
    folder.rename(path)
    if old is not None:
        shutil.rmtree(old)


def _name_beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
