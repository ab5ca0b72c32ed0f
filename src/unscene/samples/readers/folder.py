"""A folder of photos with their captions beside them: `dog.jpg` and `dog.txt`, or `dog.json`.

A text file has a caption a line. A JSON file is a text, a list of texts, or an object with
`caption`, `captions`, `text` or `title`, one text or a list, and, where wanted, `url`, `group` and
LICENCES. Folders in the folder are looked into, also linked ones.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from unscene.run.folders import FolderError, walk_folders
from unscene.samples.readers.items import (
    LICENCES,
    PHOTOS,
    Item,
    Positions,
    SourceError,
    check_count,
    find_path,
)
from unscene.samples.readers.table_columns import match_columns
from unscene.samples.readers.text_files import describe_encoding

CAPTIONS = (".txt", ".json", ".TXT", ".JSON")  # as cameras and Windows write them
# How files begin that came in place of a caption.
NO_CAPTION = ("version https://git-lfs", "<!DOCTYPE", "<!doctype", "<html")


def iterate_folder(source: dict, wanted: Positions) -> Iterator[Item]:
    """Yield the photos in the order of their paths; the key is the path without its ending, or with
    it where two photos differ by it alone.
    """
    folder, photos = _find_photos(source)
    if not photos:
        raise SourceError.at(source, "folder", f"{folder} has no photo (names ending in {', '.join(PHOTOS)})")
    check_count(source, len(photos), folder)
    stems = Counter(os.path.splitext(name)[0] for name in photos)
    for position in wanted:
        if position < len(photos):
            name, stem = photos[position], os.path.splitext(photos[position])[0]
            item = Item(key=stem if stems[stem] == 1 else name, captions=[], path=folder / name)
            _add_captions(item)
            yield item


def count_photos(source: dict) -> int:
    """Return the number of photos in a folder."""
    return len(_find_photos(source)[1])


def _find_photos(source: dict) -> tuple[Path, list[str]]:
    """Return (a source's folder, its photos)."""
    folder = find_path(source, "folder")
    try:
        return folder, list_photos(folder)
    except FolderError as error:
        raise SourceError.at(source, "folder", str(error)) from None


def list_photos(folder: Path) -> list[str]:
    """Return the paths of all photos below a folder, relative to it, sorted; hidden ones are left out."""
    found = []
    for where, names in walk_folders(folder):
        inside = os.path.relpath(where, folder)
        for name in names:
            if name.rpartition(".")[2].lower() in PHOTOS and not name.startswith("."):
                found.append(name if inside == "." else f"{inside}/{name}")
    return sorted(found)


def _add_captions(item: Item) -> None:
    """Put what stands beside a photo into its item. Nothing beside it: no caption."""
    assert item.path is not None
    for suffix in CAPTIONS:
        beside = item.path.with_suffix(suffix)
        if not beside.is_file():
            continue
        try:
            text = beside.read_text(encoding="utf-8-sig")
            if text.startswith(NO_CAPTION):
                raise ValueError("a pointer of Git LFS, or a web page")
            if suffix.lower() == ".txt":
                item.captions = text.splitlines()
            else:
                _read_json(item, json.loads(text))
        except UnicodeDecodeError:
            item.problem = ("malformed", f"{beside} {describe_encoding(beside)}")
        except (ValueError, RecursionError) as error:
            item.problem = ("malformed", f"{beside} is no JSON with captions ({str(error)[:120]})")
        return


def _read_json(item: Item, told: object) -> None:
    if isinstance(told, dict):
        columns = match_columns(list(told))
        facts = {ours: told[theirs] for ours, theirs in columns.items()}
        item.url, item.group = (
            value if isinstance(value := facts.get(name), str) else None for name in ("url", "group")
        )
        item.licence = {name: facts.get(name) for name in LICENCES}
        told = facts.get("caption")
    captions = told if isinstance(told, list) else [told]
    if not captions or not all(isinstance(caption, str) for caption in captions):
        raise ValueError("a text or a list of texts is needed, or an object with `caption`")
    item.captions = captions
