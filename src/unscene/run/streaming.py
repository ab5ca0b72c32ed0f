"""Tables that may not fit in memory: read a piece at a time, joined, and looked up by a key.

A join of three million rows takes the memory of one of thirty thousand, but for some bytes a row
where rows are looked up.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unscene.run.tables import NO_TABLE, ROWS_A_GROUP, TableError, open_table, write_sealed

Paths = Iterable[str | Path]
# Rows that are asked for one after the other seldom lie in more groups.
_HELD_GROUPS = 2


def join_to(paths: Paths, path_to_table: str | Path) -> int:
    """Write the rows of several tables of one kind, in the order of the paths, as one; return how many
    they are.
    """
    paths = list(paths)
    rows, schema = 0, choose_joined_schema(paths)
    with write_sealed(schema, path_to_table) as writer:
        for piece in iterate_rows(paths):
            writer.write(piece.cast(schema))
            rows += len(piece)
    return rows


def choose_joined_schema(paths: Paths) -> pa.Schema:
    """Return the types of a joined table: what pandas makes of those of the parts.

    So earlier versions joined. One that was lost and is made again is then the same file, and what has
    read it stays done.
    """
    with_null: set[str] = set()
    for path in paths:
        with open_table(path, sealed=False) as file:
            for group in range(file.num_row_groups):
                for column in map(file.metadata.row_group(group).column, range(file.metadata.num_columns)):
                    if column.statistics is None or column.statistics.null_count:
                        with_null.add(column.path_in_schema)
    schema = read_schema(paths)
    for place, field in enumerate(schema):
        if pa.types.is_string(field.type):
            schema = schema.set(place, field.with_type(pa.large_string()))
        elif pa.types.is_integer(field.type) and field.name in with_null:
            schema = schema.set(place, field.with_type(pa.float64()))
        else:
            schema = schema.set(place, field.with_type(_name_items(field.type)))
    return schema


def _name_items(kind: pa.DataType) -> pa.DataType:
    """Return a type with the name of a list's values that pandas gives them."""
    return pa.list_(pa.field("item", _name_items(kind.value_type))) if pa.types.is_list(kind) else kind


def read_schema(paths: Paths) -> pa.Schema:
    """Return the union of the tables' columns: an empty table or an all-null column of one of them does
    not change a type.
    """
    schemas = []
    for path in paths:
        with open_table(path, sealed=False) as file:  # whoever reads its rows checks the seal
            schemas.append(file.schema_arrow.remove_metadata())
    if not schemas:
        raise TableError(NO_TABLE)
    return pa.unify_schemas(schemas, promote_options="permissive")


def iterate_rows(paths: Paths, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield the rows of several tables of one kind in order, at most ROWS_A_GROUP at a time, with the
    same columns and types in every piece.

    columns: these alone; TableError, which names the file, when a table lacks one.
    """
    paths = list(paths)
    schema = read_schema(paths)
    if columns is not None:
        missing = [name for name in columns if name not in schema.names]
        if missing:
            raise TableError(
                f"{paths[0]}: column {', '.join(missing)} is missing (there are: {schema.names})"
            )
        schema = pa.schema([schema.field(name) for name in columns])
    for path in paths:
        with open_table(path) as file:
            known = [name for name in schema.names if name in file.schema_arrow.names]
            for batch in file.iter_batches(ROWS_A_GROUP, columns=known):
                piece = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                yield pa.concat_tables([schema.empty_table(), piece], promote_options="permissive")


def read_rows(paths: Paths, columns: Sequence[str]) -> pd.DataFrame:
    """Return these columns alone of the rows of several tables of one kind, in order."""
    return collect_rows(paths, columns).to_pandas()


def collect_rows(paths: Paths, columns: Sequence[str]) -> pa.Table:
    """Do what `read_rows` does; a text of Arrow takes its letters and four bytes."""
    paths = list(paths)
    schema = pa.schema([read_schema(paths).field(name) for name in columns])
    return pa.concat_tables([schema.empty_table(), *iterate_rows(paths, columns)])


def take_rows(paths: Paths, columns: Sequence[str], positions: np.ndarray) -> pa.Table:
    """Return these columns of the rows at some positions, counted from 0 over all tables; they ascend."""
    taken, start, paths = [], 0, list(paths)
    for piece in iterate_rows(paths, columns) if len(positions) else ():
        own = positions[slice(*np.searchsorted(positions, [start, start + len(piece)]))]
        taken.append(piece.take(pa.array(own - start)))
        start += len(piece)
    schema = pa.schema([read_schema(paths).field(name) for name in columns])
    return pa.concat_tables([schema.empty_table(), *taken])


class Positions:
    """Where the numbers of texts stand in an array: twelve bytes a number are held.

    numbers: as `number_texts` returns them.
    """

    def __init__(self, numbers: np.ndarray):
        self.order = np.argsort(numbers, kind="stable").astype(np.int32)
        self.sorted = numbers[self.order]

    def __len__(self) -> int:
        return len(self.sorted)

    def find(self, numbers: np.ndarray) -> np.ndarray:
        """Return for each number the position of the first that equals it, int32; -1 without one."""
        at = np.searchsorted(self.sorted, numbers)
        found = np.full(len(numbers), -1, np.int32)
        inside = np.flatnonzero(at < len(self))
        inside = inside[self.sorted[at[inside]] == numbers[inside]]
        found[inside] = self.order[at[inside]]
        return found

    def find_all(self, numbers: np.ndarray) -> np.ndarray:
        """Return every position whose number is one of these, ascending."""
        asked = np.unique(numbers)
        first, last = (np.searchsorted(self.sorted, asked, side) for side in ("left", "right"))
        count = last - first
        inside = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        return np.sort(self.order[inside])

    def find_twice(self) -> np.ndarray:
        """Return the numbers that stand in the array more than once, ascending."""
        return np.unique(self.sorted[1:][self.sorted[1:] == self.sorted[:-1]])


class Lookup:
    """The rows of one or several tables by a key, which stands in them once.

    Of each row only a number for its key, and its place, are held; the rows are read by the groups
    that they were written in. Whoever asks in about the order of the tables reads each group once.
    """

    def __init__(self, paths: Paths, key: str, columns: Sequence[str]):
        """columns: what `find` returns, the key not among them."""
        self._paths, self._key, self._columns = [str(path) for path in paths], key, list(columns)
        self._groups: list[tuple[str, int]] = []
        self._held: dict[int, pa.Table] = {}
        self._footers: dict[str, pq.FileMetaData] = {}
        first_rows, numbers = [0], [np.empty(0, np.uint64)]
        for path in self._paths:
            with open_table(path) as file:
                self._footers[path] = file.metadata
                for group in range(file.num_row_groups):
                    keys = file.read_row_group(group, [key])[key]
                    numbers.append(number_texts(keys))
                    self._groups.append((path, group))
                    first_rows.append(first_rows[-1] + len(keys))
        self._first_rows = np.array(first_rows)
        self._positions = Positions(np.concatenate(numbers))
        self._schema = pa.schema([read_schema(self._paths).field(name) for name in [key, *self._columns]])

    def __len__(self) -> int:
        return len(self._positions)

    def find_twice(self) -> list[str]:
        """Return the keys that stand in the tables more than once."""
        if not len(self._positions.find_twice()):
            return []
        keys = read_rows(self._paths, [self._key])[self._key]
        return list(keys[keys.duplicated()])

    def find(self, keys: pd.Series) -> pd.DataFrame:
        """Return the columns of the rows with these keys, in their order and with their index; all null
        where there is no such row.
        """
        asked = pa.array(keys, pa.string())
        position = self._positions.find(number_texts(asked))
        found = position >= 0
        table, places = self._gather(position[found])
        taken = np.zeros(len(keys), np.int64)
        taken[found] = places
        rows = table.take(pa.array(taken, mask=~found))
        own = rows[self._key].combine_chunks()
        if pc.any(pc.not_equal(own, asked)).as_py():
            raise TableError(f"{self._paths[0]}: two values of {self._key} have the same number")
        return rows.select(self._columns).to_pandas().set_index(keys.index)

    def find_all(self, keys: pd.Series) -> pd.DataFrame:
        """Return all rows with one of these keys, in the order of the tables and with their key."""
        return self.read(self._positions.find_all(number_texts(pa.array(keys, pa.string()))))

    def read(self, positions: np.ndarray) -> pd.DataFrame:
        """Return the rows at these positions, counted from 0 over all tables, in this order and with
        their key.
        """
        table, places = self._gather(positions)
        return table.take(pa.array(places)).to_pandas()

    def _gather(self, positions: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """Return the rows at these positions, each group read once, and where each of them is there."""
        group = np.searchsorted(self._first_rows, positions, side="right") - 1
        by_group = np.argsort(group, kind="stable")
        needed, starts = np.unique(group[by_group], return_index=True)
        pieces = [self._schema.empty_table()]
        for one, wanted in zip(needed, np.split(positions[by_group], starts[1:]), strict=False):
            pieces.append(self._get(int(one)).take(pa.array(wanted - self._first_rows[one])))
        places = np.empty(len(positions), np.int64)
        places[by_group] = np.arange(len(positions))
        return pa.concat_tables(pieces, promote_options="permissive"), places

    def _get(self, group: int) -> pa.Table:
        """Return the rows of a group; those of the last few are held."""
        if group not in self._held:
            path, place = self._groups[group]
            # The seal was checked, and the footer read, when the keys were.
            with open_table(path, sealed=False, footer=self._footers[path]) as file:
                rows = file.read_row_group(place, [self._key, *self._columns])
            while len(self._held) >= _HELD_GROUPS:
                del self._held[next(iter(self._held))]
            self._held[group] = rows.replace_schema_metadata(None)
        return self._held[group]


def number_texts(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return a 64-bit number of each text; 0 for null. Of three million texts two have the same number
    in one run of four million.
    """
    values = texts.to_pandas().astype(object)
    known = values.notna().to_numpy()
    numbers = np.zeros(len(values), np.uint64)
    numbers[known] = pd.util.hash_array(values.to_numpy(object)[known], categorize=False)
    return numbers
