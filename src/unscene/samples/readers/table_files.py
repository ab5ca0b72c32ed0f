"""The files that a table may be: CSV and its kin, JSON Lines, parquet. All become one Arrow table.

Its columns are those of `NAMES`, as text; `caption` may be lists of texts. About 200 bytes a row:
0.6 GB for three million.
"""

import csv as text_csv
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from unscene.samples.readers.items import SourceError, to_utf8
from unscene.samples.readers.table_columns import (
    NAMES,
    choose_columns,
    is_photo_name,
    name_columns,
)
from unscene.samples.readers.text_files import (
    BY_SUFFIX,
    SAVE_AS_CSV,
    find_fault,
    find_fault_anywhere,
    sniff_layout,
)

_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")
_TEXTS = pa.list_(pa.string())
_OBJECT = '{"path": "a.jpg", "caption": "A dog."}'


def load_table(source: dict, path: Path) -> tuple[pa.Table, list[str]]:
    """Return a table's known columns, and a description of each row that could not be parsed.

    Raises SourceError, naming the file, the key and the way out, when the file cannot be read.
    """
    kind = path.suffix.lower()
    fail = partial(SourceError.at, source, "table")
    if kind in _SPREADSHEETS:
        raise fail(f"{path} is a spreadsheet; {SAVE_AS_CSV}")
    if kind not in _LOADERS:
        raise fail(f"{path} must end in one of {', '.join(_LOADERS)}")
    if kind != ".parquet" and (fault := find_fault(path)):
        raise fail(f"{path} {fault}")
    try:
        rows, malformed = _LOADERS[kind](source, path)
        return pa.table({name: _fit_column(source, path, rows, name) for name in NAMES}), malformed
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if "straddling" in str(error):  # Arrow's word for a row longer than its blocks
            line = _find_long_cell(path, sniff_layout(path, source.get("separator")).separator)
            where = f"the row that begins on line {line}" if line else "a row"
            raise fail(
                f"{path}: {where} has no end within a megabyte; is a quote opened there and never closed?"
            ) from error
        fault = find_fault_anywhere(path) if kind != ".parquet" else None
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise fail(
            f"{path} {fault}" if fault else f"{path} cannot be read as a {kind} file ({reason})"
        ) from error


def _fit_column(source: dict, path: Path, rows: pa.Table, name: str) -> pa.ChunkedArray:
    """Return one column as text without nulls; a caption that is a list stays one."""
    if name not in rows.column_names:
        return pc.fill_null(pa.chunked_array([pa.nulls(len(rows), pa.string())]), "")
    values = rows[name]
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    kind = values.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if name == "caption" and is_list and not pa.types.is_nested(kind.value_type):
        return pc.cast(values, _TEXTS)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        holds = "the pictures themselves" if pa.types.is_struct(kind) and name == "path" else f"{kind}"
        wanted = "a text, or a list of texts" if name == "caption" else "a text"
        raise SourceError.at(
            source,
            "table",
            f"in {path} the column of the {name} holds {holds[:120]}; each of its cells must be {wanted}"
            + (": save the pictures as files and name these" if name == "path" and not is_list else "")
            + (" (one row a photo)" if name == "path" and is_list else ""),
        )
    return pc.fill_null(pc.cast(values, pa.string()), "")


def _load_parquet(source: dict, path: Path) -> tuple[pa.Table, list[str]]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    chosen = choose_columns(source, file.schema_arrow.names, path)
    rows = file.read(columns=list(chosen.values()))
    return pa.table({ours: rows[theirs] for ours, theirs in chosen.items()}), []


def _load_text(source: dict, path: Path) -> tuple[pa.Table, list[str]]:
    from pyarrow import csv

    malformed: list[str] = []

    def note(row: csv.InvalidRow) -> str:
        malformed.append(f"row {row.number} has {row.actual_columns} columns, not {row.expected_columns}")
        return "skip"

    layout = sniff_layout(path, source.get("separator"))
    names = layout.first if layout.has_head else name_columns(layout.first)
    if not names:
        raise SourceError.at(
            source, "table", f"{path} is empty; it needs rows with a photo's path and a caption"
        )
    way_out = ""
    if layout.late_head:
        way_out = f"its columns are named further down: take out the {layout.late_head} lines above that one"
        way_out = way_out.replace("the 1 lines", "the line")
    elif source.get("separator"):
        way_out = f"look at the separator, too: it is given as {source['separator']!r}"
    chosen = choose_columns(source, names, path, way_out)
    # Names of the file's own head, which Arrow reads: rows then have the numbers that editors show.
    rows = csv.read_csv(
        path,
        read_options=csv.ReadOptions(
            use_threads=False,  # else rows have no numbers
            column_names=None if layout.has_head else names,
        ),
        parse_options=csv.ParseOptions(
            delimiter=layout.separator,
            newlines_in_values=True,
            invalid_row_handler=note,
            ignore_empty_lines=True,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=list(chosen.values()),
            strings_can_be_null=False,
        ),
    )
    found = pa.table({ours: rows[theirs] for ours, theirs in chosen.items()})
    _check_quotes(source, path, found, layout.separator, len(names))
    _check_captions(source, path, found)
    paths = pc.utf8_trim_whitespace(found["path"])  # of `a.jpg , a dog`
    return found.set_column(found.column_names.index("path"), "path", paths), malformed


def _check_quotes(source: dict, path: Path, rows: pa.Table, separator: str, columns: int) -> None:
    """Raise SourceError when a quote that nobody closed has made a caption of the rows behind it."""
    suspects = rows.filter(pc.match_substring_regex(rows["caption"], r"[\r\n]"))
    for name, caption in zip(suspects["path"].to_pylist(), suspects["caption"].to_pylist(), strict=True):
        lines = [line.split(separator) for line in caption.splitlines()[1:]]
        lost = sum(len(cells) >= columns and any(map(is_photo_name, cells)) for cells in lines)
        if lost:
            raise SourceError.at(
                source,
                "table",
                f"{path}: the caption of {name!r} opens a quote and holds the {lost} rows behind it; close"
                ' the quote, or write it twice ("") where it belongs to the caption',
            )


def _check_captions(source: dict, path: Path, rows: pa.Table) -> None:
    """Raise SourceError when quotes became a part of most captions, or most are lists written as text, as
    pandas writes them: each would be one caption, with all signs of the list in it. A caption or two that
    look so are somebody's own words.
    """
    captions = rows["caption"]
    if not len(captions):
        return
    quoted = pc.match_substring_regex(captions, r'^\s+"[^"]*"\s*$')
    if pc.sum(quoted).as_py() > len(captions) / 2:
        raise SourceError.at(
            source,
            "table",
            f"{path}: the caption {captions.filter(quoted)[0].as_py()[:80]!r} has a space before its quote,"
            " so that the quotes count as text; take the spaces behind the separators out",
        )
    lists = pc.match_substring_regex(captions, r"""^\s*\[\s*(['"]).*['"]\s*\]\s*$""")
    if pc.sum(lists).as_py() > len(captions) / 2:
        raise SourceError.at(
            source,
            "table",
            f"{path}: captions are lists written as text, such as {captions.filter(lists)[0].as_py()[:80]!r};"
            " save the table as parquet or JSON Lines, or give each caption a row of its own",
        )


def _find_long_cell(path: Path, separator: str) -> int | None:
    """Return the line on which a row begins that has a cell of more than 128 KiB; None without one."""
    before = 0
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = text_csv.reader(file, delimiter=separator)
        try:
            for _ in rows:
                before = rows.line_num
        except text_csv.Error:
            return before + 1
    return None


def _load_json(source: dict, path: Path) -> tuple[pa.Table, list[str]]:
    """Load objects, one a line or all in one list; a photo's caption is a text or a list of texts."""
    objects, malformed = [], []
    for where, value in _read_objects(source, path):
        if isinstance(value, dict):
            objects.append((where, value))
        else:
            malformed.append(f"{where} is no object with a path and a caption ({value})")
    if not objects:
        raise SourceError.at(
            source,
            "table",
            f"{path} has no object with a path and a caption{f'; {malformed[0]}' if malformed else ''}."
            f" Write {_OBJECT} a line, or a list of such objects",
        )
    names = list(dict.fromkeys(name for _, value in objects for name in value))
    chosen = choose_columns(source, names, path)
    columns: dict[str, list] = {name: [] for name in chosen}
    for where, value in objects:
        cells = {ours: value.get(theirs) for ours, theirs in chosen.items()}
        captions = cells["caption"] if isinstance(cells["caption"], list) else [cells["caption"]]
        name = cells["path"]
        is_text = isinstance(name, str) and name == to_utf8(name)
        if not is_text or not all(isinstance(one, str | None) for one in captions):
            malformed.append(f"{where} has no path that is a text, or a caption that is none")
            continue
        cells["caption"] = [to_utf8(one) for one in captions if one is not None]
        for ours, cell in cells.items():
            told = to_utf8(cell) if isinstance(cell, str) else None
            columns[ours].append(cell if ours == "caption" else told)
    kinds = {name: _TEXTS if name == "caption" else pa.string() for name in chosen}
    return pa.table({name: pa.array(columns[name], kinds[name]) for name in chosen}), malformed


def _read_objects(source: dict, path: Path) -> Iterator[tuple[str, object]]:
    """Yield (where it stands, what stands there) of each entry; text that is no JSON as its error."""
    with open(path, encoding="utf-8-sig") as file:
        head = file.read(1)
        file.seek(0)
        if head != "[" and path.suffix.lower() != ".json":
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"line {number}", _parse(line)
            return
        document = _parse(file.read())
    if isinstance(document, str):
        raise SourceError.at(source, "table", f"{path} is no JSON ({document[:200]}); is it cut off?")
    if not isinstance(document, list):
        hint = f"; write [{_OBJECT}, ...]"
        if isinstance(document, dict) and "annotations" in document:
            hint = "; it looks like COCO's: format: coco, captions: FILE, images: FOLDER"
        raise SourceError.at(source, "table", f"{path} is no list of objects{hint}")
    for number, value in enumerate(document, 1):
        yield f"entry {number}", value


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


_LOADERS: dict[str, Callable[[dict, Path], tuple[pa.Table, list[str]]]] = {
    **dict.fromkeys(BY_SUFFIX, _load_text),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), _load_json),
    ".parquet": _load_parquet,
}
SUFFIXES = tuple(_LOADERS)
