"""Where the photos of a sample lie on this machine: a part wrote down where they lie on its own."""

import re
from pathlib import Path

from unscene.run.checkout import CHECKOUT
from unscene.run.packs import is_stored
from unscene.run.shard_names import SHARD_PATTERN
from unscene.run.tables import read_table, write_table
from unscene.samples.reading import record_path


def name_photos_here(table: Path, source: dict) -> int:
    """Let a table of samples name its photos where this machine has them; return how many are not here.

    A photo that is used in place is looked for below the source's `images`, or its table's folder, by
    the end of the path that the part wrote. Paths below the run's directory stay as they are.
    """
    sample = read_table(table, ["path"])
    root = _find_root(source)
    paths = [path if not Path(path).is_absolute() else _find(path, root) for path in sample["path"]]
    if paths != list(sample["path"]):
        write_table(sample.assign(path=paths), table)
    return sum(not is_stored(path) for path in paths)


def is_samples_table(path: str) -> bool:
    """Tell whether an output is a shard's table of samples."""
    return re.fullmatch(rf"results/samples/{SHARD_PATTERN}\.parquet", path) is not None


def _find_root(source: dict) -> Path | None:
    if source.get("images"):
        return CHECKOUT / source["images"]
    return (CHECKOUT / source["table"]).parent if source.get("table") else None


def _find(path: str, root: Path | None) -> str:
    if Path(path).is_file() or root is None:
        return path
    parts = Path(path).parts[1:]
    for start in range(len(parts)):
        found = root.joinpath(*parts[start:])
        if found.is_file():
            return record_path(found)
    return path
