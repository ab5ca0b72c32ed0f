"""Tables and small files, written atomically and read with clear errors.

All tables of a run are written and read here, and nowhere else; those that may not fit in memory a
piece at a time, with the help of `unscene.run.streaming`.
"""

import errno
import hashlib
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
# Rows that are encoded, and can be read, together: what a reader of pieces holds of a large table.
ROWS_A_GROUP = 2**15


NO_TABLE = "there is no table to join: samples.sources is empty"


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
        with self.open(path) as writer:
            writer.write_frame(frame)

    @property
    def schema(self) -> pa.Schema:
        """The names and types of the columns, in order."""
        return pa.schema([(column.name, KINDS[column.kind]) for column in self.columns])

    @contextmanager
    def open(self, path: str | Path, rows_a_group: int | None = None) -> Iterator["TableWriter"]:
        """Yield a writer of the table, for pieces of it in order; all or nothing is at `path` after it."""
        with write_sealed(self.schema, path, rows_a_group) as writer:
            yield TableWriter(self, path, writer)

    def read(self, path: str | Path, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the table, or only some of its columns. TableError names the file and what is
        wrong with it.
        """
        return read_table(
            path, list(columns) if columns is not None else self.names, only=columns is not None
        )


class TableWriter:
    """Takes a table in pieces, as `Table.open` yields it."""

    def __init__(self, table: Table, path: str | Path, writer: "SealedWriter"):
        self._table, self._path, self._writer = table, path, writer
        self.rows = 0

    def write_frame(self, frame: pd.DataFrame) -> None:
        """Take the next rows, in the table's columns and types; raises what `Table.write` does."""
        table = self._table
        _check_columns(frame.columns, table.names, self._path)
        undeclared = [name for name in frame.columns if name not in table.names]
        if undeclared:
            raise TableError(f"{self._path}: the column {undeclared[0]} is not declared for {table.path}")
        try:
            rows = pa.Table.from_pandas(frame[table.names], schema=table.schema, preserve_index=False)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise TableError(
                f"{self._path}: a column does not hold what {table.path} declares: {error}"
            ) from error
        self.write(rows)

    def write(self, rows: pa.Table) -> None:
        """Take the next rows, which have the table's own schema."""
        self._writer.write(rows)
        self.rows += len(rows)


def write_table(frame: pd.DataFrame, path: str | Path, columns: Iterable[str] | None = None) -> None:
    """Write a frame as parquet, without its index; the same frame gives the same bytes.

    Raises TableError when one of `columns` (the ones that others rely on) is not in the frame.
    """
    _check_columns(frame.columns, columns, path)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with write_sealed(table.schema, path) as writer:
        writer.write(table)


def read_table(
    path: str | Path, columns: Iterable[str] | None = None, only: bool = False, sealed: bool = True
) -> pd.DataFrame:
    """Read a parquet table; TableError names the file and, of the `columns` asked for, those it lacks.

    only: return these columns alone. sealed: False takes a table that another program wrote; one of
    ours must hold the SHA-256 that its writer recorded, or a flipped bit would be read as another
    value.
    """
    with open_table(path, sealed) as file:
        _check_columns(file.schema_arrow.names, columns, path)
        # Without its own copy of what Arrow has read, which is given up column by column.
        return file.read(list(columns or ()) if only else None).to_pandas(
            split_blocks=True, self_destruct=True
        )


def join_tables(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of several tables of one kind, in the order of the paths.

    The union of the schemas is taken before values are read, so an empty table or an all-null column of one
    part does not change a type.
    """
    tables = []
    for path in paths:
        with open_table(path) as file:
            tables.append(file.read())
    if not tables:
        raise TableError(NO_TABLE)
    return pa.concat_tables(tables, promote_options="permissive").to_pandas()


class SealedWriter:
    """Takes the rows of a table in pieces and encodes them in groups of one size, so that the same rows
    give the same bytes however they were cut.
    """

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema, rows_a_group: int):
        self._writer, self._schema, self._rows_a_group = writer, schema, rows_a_group
        self._waiting, self._is_empty = schema.empty_table(), True

    def write(self, rows: pa.Table) -> None:
        """Take the next rows."""
        rows = pa.concat_tables([self._waiting, rows.replace_schema_metadata(self._schema.metadata)])
        whole = len(rows) - len(rows) % self._rows_a_group
        if whole:
            self._encode(rows.slice(0, whole))
            rows = rows.slice(whole).combine_chunks()  # so that what was written is let go
        self._waiting = rows

    def finish(self) -> None:
        """Encode what waits; a table without rows has one group without rows."""
        if len(self._waiting) or self._is_empty:
            self._encode(self._waiting)

    def _encode(self, rows: pa.Table) -> None:
        # Pages of nested columns end where chunks do, so a group is one chunk, as a whole table is.
        for start in range(0, max(len(rows), 1), self._rows_a_group):
            group = rows.slice(start, self._rows_a_group).combine_chunks()
            self._writer.write_table(group, row_group_size=self._rows_a_group)
        self._is_empty = False


@contextmanager
def write_sealed(
    schema: pa.Schema, path: str | Path, rows_a_group: int | None = None
) -> Iterator[SealedWriter]:
    """Yield a writer of a table with page checksums and, in its own footer, the SHA-256 of the file in
    which that SHA-256 reads as zeros.

    rows_a_group: ROWS_A_GROUP where it is not given.
    """
    # pandas' metadata names library versions: without it the bytes depend on the data alone.
    schema = schema.with_metadata({_SEAL: _UNSEALED})
    with replaced_atomically(path) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="zstd", write_page_checksum=True) as parquet:
            writer = SealedWriter(parquet, schema, rows_a_group or ROWS_A_GROUP)
            yield writer
            writer.finish()
        with open(temporary, "r+b") as file:
            footer_at = _find_footer(file, path)
            file.seek(footer_at)
            start = _find_seal(file.read())
            assert start is not None, "the seal was written above"
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(footer_at + start)
            file.write(digest.encode())


@contextmanager
def open_table(
    path: str | Path, sealed: bool = True, footer: pq.FileMetaData | None = None
) -> Iterator[pq.ParquetFile]:
    """Yield a table to be read in pieces, once its content is known to be what was written.

    TableError names the file when it is not, then or while it is read. sealed: as in `read_table`.
    footer: of the same file, where it was read before.
    """
    try:
        with open(path, "rb") as file:
            if sealed:
                _check_seal_of(file, path)
                file.seek(0)
            yield pq.ParquetFile(file, metadata=footer, page_checksum_verification=True)
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


def _find_footer(file: BinaryIO, path: str | Path) -> int:
    """Return where the footer of an opened parquet file starts."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL_BYTES, 0))
    footer_bytes = int.from_bytes(file.read(4), "little")
    footer_at = size - _TAIL_BYTES - footer_bytes
    if footer_at < 0 or file.read(4) != _MAGIC:
        raise TableError(f"{path}: is no whole parquet table; delete it and run again")
    return footer_at


def _check_seal_of(file: BinaryIO, path: str | Path) -> None:
    footer_at = _find_footer(file, path)
    size = file.seek(0, os.SEEK_END)
    file.seek(footer_at)
    found = _find_seal(file.read(size - footer_at))
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
