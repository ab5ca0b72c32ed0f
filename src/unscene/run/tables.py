"""Tables and small files, written atomically and read with clear errors."""

import json
import math
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


class TableError(ValueError):
    """A table or JSON file is missing, unreadable or lacks a column."""


@contextmanager
def replaced_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it is synced and renamed to `path`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(frame: pd.DataFrame, path: str | Path, columns: Iterable[str] | None = None) -> None:
    """Write a frame as parquet, without its index; the same frame gives the same bytes.

    Raises TableError when one of `columns` (the ones that others rely on) is not in the frame.
    """
    _check_columns(frame.columns, columns, path)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # pandas' metadata names library versions: without it the bytes depend on the data alone.
    table = table.replace_schema_metadata(None)
    with replaced_atomically(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(path: str | Path, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read a parquet table; TableError names the file and, of the `columns` asked for, those it lacks."""
    try:
        frame = pq.read_table(path).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise TableError(
            f"{path}: cannot be read as a parquet table ({error}); delete it and run again"
        ) from error
    _check_columns(frame.columns, columns, path)
    return frame


def join_tables(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of several tables of one kind, in the order of the paths.

    The union of the schemas is taken before values are read, so an empty table or an all-null column of one
    part does not change a type.
    """
    tables = [pq.read_table(path) for path in paths]
    if not tables:
        raise TableError("there is no table to join: samples.sources is empty")
    return pa.concat_tables(tables, promote_options="permissive").to_pandas()


def write_json(value: object, path: str | Path) -> None:
    """Write JSON with sorted keys; NaN and infinities become null, since JSON has none."""
    write_text(json.dumps(_without_nan(value), indent=1, sort_keys=True, ensure_ascii=False) + "\n", path)


def read_json(path: str | Path) -> dict:
    """Read a JSON file; TableError names the file when it is missing or broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: cannot be read as JSON ({error})") from error


def write_text(text: str, path: str | Path) -> None:
    """Write a UTF-8 text file atomically."""
    with replaced_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _check_columns(present: Iterable[str], wanted: Iterable[str] | None, path: str | Path) -> None:
    missing = [column for column in wanted or () if column not in set(present)]
    if missing:
        raise TableError(f"{path}: column {', '.join(missing)} is missing (there are: {', '.join(present)})")


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
