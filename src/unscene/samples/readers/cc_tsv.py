"""Conceptual Captions' TSV: a line is `caption TAB url [TAB path]`, with the photos already on disk.

Without a third column the photo of line N, counted from 0, is `{images}/{N:08d}.jpg`. Nothing is
quoted in this format.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from unscene.samples.readers.items import Item, check_count, find_path

_BLOCK_BYTES = 2**22


def iterate_lines(source: dict, item_range: range) -> Iterator[Item]:
    """Yield the items of a TSV file, line by line; the key is the line's number in eight digits."""
    path_to_table, path_to_images = (find_path(source, key) for key in ("table", "images"))
    check_count(source, count_lines(path_to_table), path_to_table)
    with open(path_to_table, "rb") as file:
        for number, line in enumerate(islice(file, item_range.start, item_range.stop), item_range.start):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            caption, url, path, *_ = [*text.removeprefix("\ufeff").split("\t"), "", ""]
            key = f"{number:08d}"
            yield Item(
                key=key,
                captions=[caption],
                path=path_to_images / (path.strip() or f"{key}.jpg"),
                url=url.strip() or None,
            )


def count_lines(path: Path) -> int:
    """Return the number of lines of a file; the last one needs no line feed."""
    lines, last = 0, b"\n"
    with open(path, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")
