"""Folders that a command makes for a run, and that go again when the run is refused."""

import shutil
from collections.abc import Sequence
from pathlib import Path


def list_absent(folder: Path) -> list[Path]:
    """Return a folder and those above it that are not there, the lowest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def take_away(new: Sequence[Path]) -> None:
    """Remove the folder that was told absent, with all that is in it, and those above it that are empty;
    one that has results stays.
    """
    if not new or (new[0] / "results").exists():
        return
    shutil.rmtree(new[0], ignore_errors=True)
    for folder in new[1:]:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
