"""Hashes of files, folders and tables, read in pieces: memory stays flat, whatever their size."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from unscene.run.packs import list_stored, open_stored

# Columns that hold measured times: another run of the same inputs has others.
MEASURED_COLUMNS = ("seconds",)
_BLOCK_BYTES = 2**20


def hash_file(path: Path, tell: Callable[[int], object] | None = None) -> str:
    """Return the SHA-256 of a file as hex. tell: gets the bytes of each piece that was read."""
    hashed = hashlib.sha256()
    with open_stored(path) as handle:
        while block := handle.read(_BLOCK_BYTES):
            hashed.update(block)
            if tell:
                tell(len(block))
    return hashed.hexdigest()


def hash_folder(folder: Path, known: Mapping[str, str], tell: Callable[[int], object] | None = None) -> dict:
    """Return `files`, `bytes` and `sha256` of a folder: the SHA-256 of the lines that `sha256sum`
    would print for its files. A folder has the same, whether its files are loose or packed.

    known: SHA-256 by name of files that need not be read, since a table tells it.
    """
    hashed, files, size = hashlib.sha256(), 0, 0
    for name, own in list_stored(folder):
        digest = known.get(name) or hash_file(folder / name, tell)
        hashed.update(f"{digest}  {name}\n".encode())
        files, size = files + 1, size + own
    return {"files": files, "bytes": size, "sha256": hashed.hexdigest()}


def holds_times(path: Path) -> bool:
    """Tell whether a table has a column of measured times."""
    return path.suffix == ".parquet" and any(name in MEASURED_COLUMNS for name in pq.read_schema(path).names)


def hash_rows(path: Path) -> str:
    """Return the SHA-256 of a table's rows without its columns of measured times."""
    hashed = hashlib.sha256()
    table = pq.ParquetFile(path)
    names = [name for name in table.schema_arrow.names if name not in MEASURED_COLUMNS]
    for batch in table.iter_batches(columns=names):
        for row in batch.to_pylist():
            hashed.update(json.dumps(row, sort_keys=True).encode())
    return hashed.hexdigest()


def count_rows(path: Path) -> int | None:
    """Return how many rows a table has; of JSON Lines its lines; None for another kind of file."""
    if path.suffix == ".parquet":
        return pq.read_metadata(path).num_rows
    if path.suffix == ".jsonl":
        with open(path, "rb") as handle:
            return sum(1 for _ in handle)
    return None
