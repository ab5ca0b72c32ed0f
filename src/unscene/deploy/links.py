"""Equal files of a folder as hard links of one another."""

import os
from collections import defaultdict
from pathlib import Path

from unscene.run.shards import file_sha256


def link_equal_files(folder: Path) -> int:
    """Make equal files below a folder one file by several names; return the bytes that this saved.

    A file system without hard links keeps them as copies.
    """
    by_size: dict[int, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            by_size[path.stat().st_size].append(path)
    saved = 0
    for size, paths in by_size.items():
        first: dict[str, Path] = {}
        for path in paths if len(paths) > 1 else []:
            kept = first.setdefault(file_sha256(path), path)
            if kept != path and not kept.samefile(path) and _link(kept, path):
                saved += size
    return saved


def _link(kept: Path, path: Path) -> bool:
    beside = path.with_name(f".{path.name}.link")
    try:
        os.link(kept, beside)
    except OSError:
        return False
    os.replace(beside, path)
    return True
