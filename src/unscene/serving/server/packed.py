"""Pictures that lie in a tar: a run may keep those of a shard's folder in one, named as the folder.

This server runs by itself, so it asks the tar where they lie, and not the run's own index.
"""

import os
import stat
import tarfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

# So many tars are remembered; a list of 4,000 pictures takes about 1 MB.
_MOST_TARS = 64


def locate(path: str | Path) -> Path | bytes:
    """Return the path of a picture that is a file of its own, or the content of one that lies in its
    folder's tar. FileNotFoundError when it is neither.
    """
    path = Path(path)
    if path.is_file():
        return path
    tar = find_tar(path)
    try:
        start, size = _list(tar)[path.name]
    except KeyError:
        raise FileNotFoundError(path) from None
    with open(tar, "rb") as file:
        file.seek(start)
        return file.read(size)


def is_there(path: str | Path) -> bool:
    """Tell whether a picture is there, in a file of its own or in its folder's tar."""
    path = Path(path)
    return path.is_file() or path.name in _list(find_tar(path))


def find_stat(path: str | Path) -> os.stat_result:
    """Return what tells a changed picture: size and time of its file or of the tar. Raises OSError."""
    with suppress(OSError):
        own = os.stat(path)  # one look at a loose picture: an index asks for each of its photos
        if stat.S_ISREG(own.st_mode):
            return own
    if not is_there(path):
        raise FileNotFoundError(path)
    return find_tar(Path(path)).stat()


def find_tar(path: Path) -> Path:
    """Return where the tar of a picture's folder lies, if it has one."""
    return path.parent / f"{path.parent.name}.tar"


def _list(tar: Path) -> dict[str, tuple[int, int]]:
    """Return {name: (where its content begins, bytes)}; nothing without a tar or with one that is cut."""
    try:
        stat = tar.stat()
        return _read_list(tar, stat.st_size, stat.st_mtime_ns)
    except (OSError, tarfile.TarError):
        return {}


@lru_cache(_MOST_TARS)
def _read_list(tar: Path, *_identity: int) -> dict[str, tuple[int, int]]:
    with tarfile.open(tar, "r:") as file:
        return {member.name: (member.offset_data, member.size) for member in file}
