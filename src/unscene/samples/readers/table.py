"""A CSV, TSV or parquet table with the columns `path` and `caption`, and, where wanted, `url`,
`group` and LICENCES.

Several rows of one path are several captions of one photo. Photos are looked for below the source's
`images`, or below the table's own folder. The table stays in Arrow's columns, about 200 bytes a
row: 0.6 GB for three million.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from unscene.samples.readers.items import LICENCES, Item, SourceError, check_count, find_path

_COLUMNS = ("path", "caption", "url", "group", *LICENCES)
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
_FORMATS = (*_DELIMITERS, ".parquet")


def iterate_table(source: dict, item_range: range) -> Iterator[Item]:
    """Yield the items of a table in the order in which their paths first appear.

    The key is the photo's file stem where it is unique in the table, else its path. Rows that have
    another number of columns than the head come last, one item each, with a problem.
    """
    path_to_table = find_path(source, "table")
    folder = find_path(source, "images") if source.get("images") else path_to_table.parent
    rows, malformed = _load(source, path_to_table)

    encoded = pc.dictionary_encode(rows["path"]).combine_chunks()
    paths, index = encoded.dictionary, encoded.indices
    check_count(source, len(paths) + len(malformed), path_to_table)
    stems = pc.replace_substring_regex(paths, pattern=r"^.*/|(\.[^./]*)$", replacement="")
    counts = pc.value_counts(stems)
    shared = set(counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist())

    inside = pc.and_(
        pc.greater_equal(index, item_range.start), pc.less(index, min(item_range.stop, len(paths)))
    )
    mine = rows.filter(inside).append_column("position", index.filter(inside)).sort_by("position")
    for position, group in groupby(mine.to_pylist(), key=itemgetter("position")):
        same = list(group)
        path, stem = same[0]["path"], stems[position].as_py()
        item = Item(key=path if stem in shared else stem, captions=[row["caption"] for row in same])
        item.path = folder / path
        item.url = next((row["url"] for row in same if row["url"]), None)
        item.group = next((row["group"] for row in same if row["group"]), None)
        item.licence = {name: next((row[name] for row in same if row[name]), None) for name in LICENCES}
        if not path.strip():
            item.key, item.problem = (
                "no path",
                ("no_path", f"{len(same)} rows of {path_to_table} have no path"),
            )
        yield item
    for position, detail in enumerate(malformed, len(paths)):
        if position in item_range:
            yield Item(
                key=f"malformed {position}", captions=[], problem=("malformed", f"{path_to_table}: {detail}")
            )


def _load(source: dict, path: Path) -> tuple[pa.Table, list[str]]:
    """Return the known columns as text, and a description of each row that could not be parsed."""
    kind = path.suffix.lower()
    if kind not in _FORMATS:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key table: {path} must end in one of "
            f"{', '.join(_FORMATS)}"
        )
    malformed: list[str] = []
    try:
        rows = _load_parquet(path) if kind == ".parquet" else _load_text(path, _DELIMITERS[kind], malformed)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key table: {path} cannot be read "
            f"({error}); it must be a {kind} "
            "file, UTF-8 where it is text, with the columns path and caption"
        ) from error
    missing = [column for column in ("path", "caption") if column not in rows.column_names]
    if missing:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key table: {path} has no column "
            f"{' and no column '.join(missing)} "
            f"(there are: {', '.join(rows.column_names)})"
        )
    columns = {}
    for column in _COLUMNS:
        values = rows[column] if column in rows.column_names else pa.nulls(len(rows), pa.string())
        columns[column] = pc.fill_null(pc.cast(values, pa.string()), "")
    return pa.table(columns), malformed


def _load_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    present = [column for column in _COLUMNS if column in file.schema_arrow.names]
    return file.read(columns=present if {"path", "caption"} <= set(present) else None)


def _load_text(path: Path, delimiter: str, malformed: list[str]) -> pa.Table:
    from pyarrow import csv

    def note(row: csv.InvalidRow) -> str:
        malformed.append(f"row {row.number} has {row.actual_columns} columns, not {row.expected_columns}")
        return "skip"

    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False),  # else rows have no numbers
        parse_options=csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note, ignore_empty_lines=True
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(_COLUMNS, pa.string()), strings_can_be_null=False
        ),
    )
