"""Ends of a job that are expected: what is said of them is for a person, without a traceback."""

import errno
import os
from pathlib import Path

# How libraries say it that raise errors of their own: safetensors, torch, SQLite, pyarrow.
_FULL = ("no space left on device", "disk is full", "disk quota exceeded", "file write failed")


class KnownStop(Exception):
    """A job ends for a reason that its message tells whole, with the way out. Errors derive from it."""


class DiskFull(KnownStop, OSError):
    """A file could not be written, for want of room."""


def describe_full_disk(error: BaseException) -> str | None:
    """Return what to say when an error, or one behind it, comes of a full disk; else None.

    The path is that of the file where the error names it, else that of the run's directory.
    """
    link: BaseException | None = error
    while link is not None:
        is_full = isinstance(link, OSError) and link.errno in (errno.ENOSPC, errno.EDQUOT)
        if is_full or any(words in str(link).lower() for words in _FULL):
            named = getattr(link, "filename", None)
            path = Path(os.fsdecode(named)).absolute() if isinstance(named, str | bytes) else Path.cwd()
            return (
                f"{path}: the disk is full. Make room and run the same line again; what was finished is kept"
            )
        link = link.__cause__ or link.__context__
    return None
