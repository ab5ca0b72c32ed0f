"""Which column of a table is the photo's path, which its caption, and which say more of it."""

import re
from collections.abc import Sequence

from unscene.samples.readers.items import LICENCES, PHOTOS, SourceError

# Names of columns, in the order in which they are taken; case, spaces, `_` and `-` do not count.
NAMES = {
    "path": ("path", "filepath", "file_name", "file", "image_path", "image", "photo"),
    "caption": ("caption", "captions", "text", "title"),
    "url": ("url",),
    "group": ("group",),
    **{name: (name,) for name in LICENCES},
}
NEEDED = ("path", "caption")
_PHOTO = re.compile(rf"\.({'|'.join(PHOTOS)})$", re.IGNORECASE)


def is_photo_name(value: object) -> bool:
    """Tell whether a cell looks like the file name of a photo."""
    return isinstance(value, str) and bool(_PHOTO.search(value.strip()))


def is_head(row: Sequence[str]) -> bool:
    """Tell whether a table's first row names its columns: no cell of it is a photo's file name."""
    return not any(is_photo_name(cell) for cell in row)


def match_columns(names: Sequence[str]) -> dict[str, str]:
    """Return {our name: the table's name} of the columns that are known by their names."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    found = {}
    for ours, theirs in NAMES.items():
        known = next((plain[_plain(each)] for each in theirs if _plain(each) in plain), None)
        if known is not None:
            found[ours] = known
    return found


def name_columns(first: Sequence[str]) -> list[str]:
    """Return names for the columns of a table without a head, told from its first row.

    The path is the first cell that looks like a photo's file name, the caption the longest of the
    others. The rest is `column N`, counted from 1.
    """
    names = [f"column {number}" for number in range(1, len(first) + 1)]
    path = next((number for number, cell in enumerate(first) if is_photo_name(cell)), None)
    if path is None:
        return names
    names[path] = "path"
    others = [number for number in range(len(first)) if number != path]
    if others:
        names[max(others, key=lambda number: (len(first[number].split()), len(first[number])))] = "caption"
    return names


def find_head(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of a later row that names a path and a caption, where the first one does not."""
    return next((number for number, row in enumerate(rows) if set(NEEDED) <= set(match_columns(row))), None)


def choose_columns(source: dict, names: Sequence[str], where: object, way_out: str = "") -> dict[str, str]:
    """Return {our name: the table's name} of the columns that a table's items are read from.

    What `columns` of the source says goes before what the names tell. Raises SourceError when
    there is no path or no caption. way_out: what else is known of why.
    """
    told = source.get("columns") or {}
    absent = [theirs for theirs in told.values() if theirs not in names]
    if absent:
        raise SourceError.at(
            source, "columns", f"{where} has no column {absent[0]!r} (there are: {_list(names)})"
        )
    again = sorted(ours for ours, theirs in told.items() if list(told.values()).count(theirs) > 1)
    if again:
        raise SourceError.at(
            source,
            "columns",
            f"{' and '.join(again)} are both {told[again[0]]!r}; give each a column of its own",
        )
    found = match_columns([name for name in names if name not in told.values()]) | told
    twice = [theirs for theirs in found.values() if names.count(theirs) > 1]
    if twice:
        raise SourceError.at(
            source,
            "table",
            f"{where} has {names.count(twice[0])} columns {twice[0]!r}, and one alone is read; give each a"
            " name of its own, and several captions of a photo a row each",
        )
    missing = [name for name in NEEDED if name not in found]
    if missing:
        example = ", ".join(f"{name}: NAME" for name in missing)
        usual = f"put a first line with names into it, or say which one it is: columns: {{{example}}}"
        raise SourceError.at(
            source,
            "table",
            f"{where} has no column {' and no column '.join(missing)} (there are: {_list(names)}); "
            f"{way_out or usual}",
        )
    return found


def _plain(name: str) -> str:
    # Among them marks of no width, as files that were saved twice have them.
    return re.sub(r"[\s_\-\ufeff\u200b]+", "", str(name)).lower()


def _list(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:40]}..." for name in map(str, names[:12])]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
