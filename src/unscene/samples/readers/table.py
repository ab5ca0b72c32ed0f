"""A table with a column of paths and one of captions, and, where wanted, `url`, `group` and LICENCES.

Several rows of one path are several captions of one photo, and so is a list of captions. Photos are
looked for below the source's `images`, or below the table's own folder.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from unscene.samples.readers.items import LICENCES, Item, Positions, SourceError, check_count, find_path
from unscene.samples.readers.table_files import load_table

_MOST_LOOKED_AT = 100


def iterate_table(source: dict, wanted: Positions) -> Iterator[Item]:
    """Yield the items of a table in the order in which their paths first appear.

    The key is the photo's file stem where it is unique in the table, else its path. Rows that have
    another number of columns than the head come last, one item each, with a problem.
    """
    path_to_table = find_path(source, "table")
    folder = find_path(source, "images") if source.get("images") else path_to_table.parent
    rows, malformed = load_table(source, path_to_table)

    encoded = pc.dictionary_encode(rows["path"]).combine_chunks()
    paths, index = encoded.dictionary, encoded.indices
    check_count(source, len(paths) + len(malformed), path_to_table)
    _check_addresses(source, paths)
    _check_backslashes(source, paths, folder)
    stems = pc.replace_substring_regex(paths, pattern=r"^.*/|(\.[^./]*)$", replacement="")
    counts = pc.value_counts(stems)
    shared = set(counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist())

    inside = pc.and_(pc.greater_equal(index, wanted.start), pc.less(index, min(wanted.stop, len(paths))))
    mine = rows.filter(inside).append_column("position", index.filter(inside)).sort_by("position")
    for position, group in groupby(mine.to_pylist(), key=itemgetter("position")):
        if position not in wanted:
            continue
        same = list(group)
        path, stem = same[0]["path"], stems[position].as_py()
        item = Item(key=path if stem in shared else stem, captions=_list_captions(same))
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
        if position in wanted:
            yield Item(
                key=f"malformed {position}", captions=[], problem=("malformed", f"{path_to_table}: {detail}")
            )


def count_rows(source: dict) -> int:
    """Return the number of items of a table: its different paths, and its malformed rows."""
    rows, malformed = load_table(source, find_path(source, "table"))
    return len(pc.unique(rows["path"])) + len(malformed)


def _list_captions(rows: list[dict]) -> list[str]:
    captions: list[str] = []
    for row in rows:
        captions += row["caption"] if isinstance(row["caption"], list) else [row["caption"]]
    return captions


def _check_addresses(source: dict, paths: pa.Array) -> None:
    """Raise SourceError when photos are named by addresses: they are to be on disk."""
    found = paths.filter(pc.match_substring_regex(paths, r"^[A-Za-z][A-Za-z0-9+.-]+://"))
    if len(found):
        raise SourceError.at(
            source,
            "table",
            f"{source['table']} has the path {found[0].as_py()[:120]!r}, an address; photos are read from"
            " disk: name its column `url`, and give the photos' files a column `path`",
        )


def _check_backslashes(source: dict, paths: pa.Array, folder: Path) -> None:
    """Raise SourceError on paths as Windows writes them. A backslash may be a part of a name, too:
    then such a file is there.
    """
    suspects = paths.filter(pc.match_substring(paths, "\\"))
    for path in suspects[:_MOST_LOOKED_AT].to_pylist():
        if not (folder / path).exists():
            raise SourceError.at(
                source,
                "table",
                f"{source['table']} has the path {path!r}, with backslashes as Windows writes them, and no "
                f"such file is in {folder}; replace each \\ of that column by /"
                + (", and leave the drive out" if path[1:2] == ":" else ""),
            )
