"""Large files cut into a table, once a run: each shard then reads its own rows of it.

What is cut lies in the run's `state/`, named by the SHA-256 of the file, so it is never that of another.
"""

from collections.abc import Callable
from pathlib import Path

from unscene.run.locks import held_lock
from unscene.run.shards import file_sha256

# A smaller file is parsed in less time than a look into a table takes.
SMALL_BYTES = 16 * 2**20


def is_large(path: str | Path) -> bool:
    """Tell whether a file is worth cutting."""
    path = Path(path)
    return path.is_file() and path.stat().st_size > SMALL_BYTES


def name_cut(path: str | Path, folder: Path) -> Path:
    """Return where the table of a file lies below `folder`, made or not."""
    return folder / f"{file_sha256(path)}.parquet"


def find_cut(path: str | Path, folder: Path, cut: Callable[[str | Path, Path], None]) -> Path:
    """Return the table of a file. Whoever asks first makes it with `cut`, a function of both; others
    wait.
    """
    table = name_cut(path, folder)
    if not table.is_file():
        with held_lock(table.with_suffix(".lock"), f"another job cuts {path} by photo; waiting for it"):
            if not table.is_file():
                cut(path, table)
    return table
