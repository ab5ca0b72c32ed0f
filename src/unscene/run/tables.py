"""Tables and small files, written atomically and read with clear errors.

All tables of a run are written and read here, and nowhere else.
"""

import errno
import hashlib
import io
import json
import math
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from unscene.run.stops import DiskFull

# What a column can hold.
KINDS = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "texts": pa.list_(pa.string()),
    "lists of texts": pa.list_(pa.list_(pa.string())),
    "numbers": pa.list_(pa.float32()),
}
_SEAL, _UNSEALED = b"unscene.sha256", b"0" * 64
# A parquet file ends with its footer, the footer's length in 4 bytes, and these 4.
_MAGIC, _TAIL_BYTES = b"PAR1", 8
_BLOCK_BYTES = 2**20


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
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(
            f"{path}: the disk is full ({error.strerror}). Make room and run the same command again"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, what it holds (a key of KINDS), what it means and, for a
    number, its unit.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table, declared once: for its writer, its readers, the tests and the reference page.

    path: below results/, with wildcards. row: what a row is.
    """

    path: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [column.name for column in self.columns]

    def frame(self, rows: Iterable[dict]) -> pd.DataFrame:
        """Return rows as a frame with this table's columns; a value that a row lacks is null."""
        return pd.DataFrame(list(rows), columns=self.names)

    def write(self, frame: pd.DataFrame, path: str | Path) -> None:
        """Write a frame's columns of this table, in its order and types, so that an empty shard has
        the types of a full one.

        Raises TableError when a column is missing, undeclared or holds something else than its kind.
        """
        _check_columns(frame.columns, self.names, path)
        undeclared = [name for name in frame.columns if name not in self.names]
        if undeclared:
            raise TableError(f"{path}: the column {undeclared[0]} is not declared for {self.path}")
        schema = pa.schema([(column.name, KINDS[column.kind]) for column in self.columns])
        try:
            table = pa.Table.from_pandas(frame[self.names], schema=schema, preserve_index=False)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise TableError(f"{path}: a column does not hold what {self.path} declares: {error}") from error
        _write_sealed(table, path)

    def read(self, path: str | Path, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the table, or only some of its columns. TableError names the file and what is
        wrong with it.
        """
        return read_table(
            path, list(columns) if columns is not None else self.names, only=columns is not None
        )


def write_table(frame: pd.DataFrame, path: str | Path, columns: Iterable[str] | None = None) -> None:
    """Write a frame as parquet, without its index; the same frame gives the same bytes.

    Raises TableError when one of `columns` (the ones that others rely on) is not in the frame.
    """
    _check_columns(frame.columns, columns, path)
    _write_sealed(pa.Table.from_pandas(frame, preserve_index=False), path)


def read_table(
    path: str | Path, columns: Iterable[str] | None = None, only: bool = False, sealed: bool = True
) -> pd.DataFrame:
    """Read a parquet table; TableError names the file and, of the `columns` asked for, those it lacks.

    only: return these columns alone. sealed: False takes a table that another program wrote; one of
    ours must hold the SHA-256 that its writer recorded, or a flipped bit would be read as another
    value.
    """
    table = _read_sealed(path, sealed)
    _check_columns(table.column_names, columns, path)
    return (table.select(list(columns or ())) if only else table).to_pandas()


def join_tables(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of several tables of one kind, in the order of the paths.

    The union of the schemas is taken before values are read, so an empty table or an all-null column of one
    part does not change a type.
    """
    tables = [_read_sealed(path) for path in paths]
    if not tables:
        raise TableError("there is no table to join: samples.sources is empty")
    return pa.concat_tables(tables, promote_options="permissive").to_pandas()


def _write_sealed(table: pa.Table, path: str | Path) -> None:
    """Write a table with page checksums and, in its own footer, the SHA-256 of the file in which
    that SHA-256 reads as zeros.
    """
    # pandas' metadata names library versions: without it the bytes depend on the data alone.
    table = table.replace_schema_metadata({_SEAL: _UNSEALED})
    with replaced_atomically(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)
        with open(temporary, "r+b") as file:
            start = _find_seal(file.read())
            assert start is not None, "the seal was written above"
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(start)
            file.write(digest.encode())


def _read_sealed(path: str | Path, sealed: bool = True) -> pa.Table:
    try:
        content = Path(path).read_bytes()
        if sealed:
            _check_seal_of(io.BytesIO(content), path)
        return pq.read_table(pa.BufferReader(content), page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise TableError(
            f"{path}: cannot be read as a parquet table ({error}); delete it and run again"
        ) from error


def check_sealed(path: str | Path) -> None:
    """Raise TableError when a table is not what its writer wrote. It is read in pieces, so that memory
    stays flat.
    """
    try:
        with open(path, "rb") as file:
            _check_seal_of(file, path)
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error}); delete it and run again") from error


def _check_seal_of(file: BinaryIO, path: str | Path) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL_BYTES, 0))
    footer_bytes = int.from_bytes(file.read(4), "little")
    footer_at = size - _TAIL_BYTES - footer_bytes
    if footer_at < 0 or file.read(4) != _MAGIC:
        raise TableError(f"{path}: is no whole parquet table; delete it and run again")
    file.seek(footer_at)
    found = _find_seal(file.read(footer_bytes))
    if found is None:
        raise TableError(
            f"{path}: holds no checksum, so this version did not write it; delete it and run again"
        )
    start = footer_at + found
    file.seek(start)
    recorded = file.read(len(_UNSEALED))
    hashed = hashlib.sha256()
    file.seek(0)
    _hash_bytes(file, start, hashed)
    hashed.update(_UNSEALED)
    file.seek(start + len(_UNSEALED))
    _hash_bytes(file, size - file.tell(), hashed)
    if hashed.hexdigest().encode() != recorded:
        raise TableError(
            f"{path}: its content is not what was written (another SHA-256 than its own footer says); delete"
            " it and run again"
        )


def _hash_bytes(file: BinaryIO, count: int, hashed) -> None:
    while count and (block := file.read(min(count, _BLOCK_BYTES))):
        hashed.update(block)
        count -= len(block)


def _find_seal(content: bytes) -> int | None:
    """Return where the 64 digits of the seal start. Thrift writes a text as a type byte, its length
    and itself.
    """
    marker = _SEAL + b"\x18@"
    found = content.rfind(marker)
    return None if found < 0 else found + len(marker)


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
