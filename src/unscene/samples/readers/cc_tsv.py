"""Conceptual Captions' TSV: a line is `caption TAB url [TAB path]`, with the photos already on disk.

Without a third column the photo of line N, counted from 0, is `{images}/{N:08d}.jpg`. Nothing is
quoted in this format.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from unscene.samples.readers.items import (
    Item,
    Positions,
    SourceError,
    check_count,
    find_path,
    leads_out,
    tell_outside,
)
from unscene.samples.readers.text_files import find_fault, find_foreign

_BLOCK_BYTES = 2**22
_HEAD_BYTES = 2**16


def iterate_lines(source: dict, wanted: Positions) -> Iterator[Item]:
    """Yield the items of a TSV file, line by line; the key is the line's number in eight digits."""
    path_to_table, path_to_images = (find_path(source, key) for key in ("table", "images"))
    check_count(source, _count(source, path_to_table), path_to_table)
    with open(path_to_table, "rb") as file:
        for number, line in enumerate(islice(file, wanted.start, wanted.stop), wanted.start):
            if number not in wanted:
                continue
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            caption, url, path, *_ = [*text.removeprefix("\ufeff").split("\t"), "", ""]
            key = f"{number:08d}"
            name = path.strip() or f"{key}.jpg"
            yield Item(
                key=key,
                captions=[caption],
                path=path_to_images / name,
                url=url.strip() or None,
                problem=tell_outside(path_to_images, name) if leads_out(path_to_images, name) else None,
            )


def count_captions(source: dict) -> int:
    """Return the number of lines of a source's table."""
    return _count(source, find_path(source, "table"))


def _count(source: dict, path: Path) -> int:
    # A few odd bytes in web text are replaced; a file that is no text at all is refused.
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if (b"\x00" in head or find_foreign(head)) and (fault := find_fault(path)):
        raise SourceError.at(source, "table", f"{path} {fault}")
    return count_lines(path)


def count_lines(path: Path) -> int:
    """Return the number of lines of a file; the last one needs no line feed."""
    lines, last = 0, b"\n"
    with open(path, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")
