"""Folders that a command makes for a run, and that go again when the run is refused."""

import shutil
from collections.abc import Sequence
from pathlib import Path

# What is written before a config is judged: Snakemake's folder, and how many photos a source has.
_BEFORE = (".snakemake", "state/sources.json")
# Snakemake locks a directory once the rules are read: a run that is refused has no locks of its own.
_LOCKS = ".snakemake/locks"


def list_absent(folder: Path) -> list[Path]:
    """Return a folder and those above it that are not there, the lowest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def take_away(new: Sequence[Path]) -> None:
    """Remove the folder that was told absent, and those above it, as far as they are empty but for what
    is written before a config is judged: another run may have begun in it meanwhile, as its files or
    its locks tell.
    """
    if not new or not new[0].is_dir() or any((new[0] / _LOCKS).glob("*")):
        return
    early = {new[0] / name for name in _BEFORE}
    if any(_lies_beside(path, early) for path in new[0].rglob("*")):
        return
    shutil.rmtree(new[0], ignore_errors=True)
    for folder in new[1:]:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _lies_beside(path: Path, early: set[Path]) -> bool:
    """Whether a path is a file that is not of the early ones, nor below one."""
    return not path.is_dir() and not early.intersection((path, *path.parents))
