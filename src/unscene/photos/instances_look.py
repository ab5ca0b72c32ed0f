"""A look at an instances file before a run starts: whether it is one, and what it lists.

COCO's own file has 450 MB, nearly all of it annotations. Of a large file the photos, the categories
and the first annotation are parsed, and its end is looked at: a second or two.
"""

import json
import mmap
import re
from pathlib import Path

from unscene.photos.coco_instances import read_instances
from unscene.run.cuts import is_large
from unscene.run.tables import TableError
from unscene.words.category_names import find_word

_END_BYTES = 64
# The run lengths of a crowd take some kilobytes, and so does the list of categories.
_SOME_BYTES = 2**20


def look_at_instances(path: str | Path) -> tuple[set[str], set[str]]:
    """Return (ids of the photos that an instances file lists, as text; the words of its categories).

    Raises TableError, with the file's name, when it is none; of a large one not for what only reading
    all annotations would show.
    """
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if not text[-_END_BYTES:].rstrip().endswith(b"}"):
                raise ValueError("it does not end as JSON does, with }: it was cut, or is another file")
            places = {name: _find_list(text, name) for name in ("annotations", "images")}
            annotation = _parse_first(text, places["annotations"])
            if "caption" in annotation and "category_id" not in annotation:
                raise ValueError("it is a captions file, which belongs to `captions`")
            places["categories"] = _find_list(text, "categories")
            ends = sorted([*places.values(), len(text)])
            images, categories = (
                _parse(text, places[name], ends[ends.index(places[name]) + 1])
                for name in ("images", "categories")
            )
        photos = {str(image["id"]) for image in images}
        words = {find_word(category["name"]) for category in categories}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"an entry lacks {error}" if isinstance(error, KeyError) else error
        raise TableError(f"{path}: not in COCO's instances format ({what})") from error
    if not is_large(path):
        read_instances(path)
    return photos, words


def _find_list(text: mmap.mmap, name: str) -> int:
    """Return the place of a list's bracket. COCO's categories stand last, so the end is looked at first."""
    pattern = re.compile(rb'"%b"\s*:\s*\[' % name.encode())
    found = pattern.search(text, max(0, len(text) - _SOME_BYTES)) or pattern.search(text)
    if found is None:
        raise ValueError(f"it lacks the list `{name}`")
    return found.end() - 1


def _parse_first(text: mmap.mmap, start: int) -> dict:
    """Return the first entry of a list, an empty one of an empty list."""
    some = text[start + 1 : start + _SOME_BYTES].lstrip()
    return {} if some.startswith(b"]") else _parse(some, 0, len(some))


def _parse(text: mmap.mmap | bytes, start: int, end: int):
    """Return the JSON value that begins at `start`; it ends before `end`."""
    return json.JSONDecoder().raw_decode(text[start:end].decode("utf-8", "replace"))[0]
