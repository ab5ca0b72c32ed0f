"""What lies at a path: in which form photos and captions are there, how many, and how large."""

import json
import os
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from unscene.photos.images import PhotoError, measure_photo
from unscene.run.counts import tell_count
from unscene.samples.readers import SourceError, count_items, iterate_items
from unscene.samples.readers.folder import CAPTIONS, list_photos
from unscene.samples.readers.items import PHOTOS, leads_out
from unscene.samples.readers.table_columns import NEEDED, match_columns
from unscene.samples.readers.table_files import SUFFIXES
from unscene.samples.readers.text_files import BY_SUFFIX, find_fault, sniff_layout

_LOOKED_AT = 200
LOOKED_AT = "looked at"  # the name of a source, in messages, before it has one
_LINK = re.compile(r"https?://\S+")
# Names of text files that hold a folder's captions; another .txt is the caption of one photo.
_TEXT_TABLES = re.compile(r"captions?|metadata|results.*|labels?", re.IGNORECASE)
CAPTIONS_ARE_NEEDED = """captions are needed: unscene removes what a caption names. Give one of these forms:
  beside the photos   dog.jpg and dog.txt, a caption a line (or dog.json)
  a table             --captions mine.csv, with the columns path and caption
  COCO's file         --captions captions_train2017.json
docs/DATA.md has an example of each"""


class LookError(ValueError):
    """Nothing at a path can be a source; the message says what was looked for, and the way out."""


@dataclass
class Found:
    """A source that can be read. source: its entry, paths absolute. items: how many it has.

    seen: items that were looked at; there: those of them whose photo and caption are there. sizes:
    width and height of these photos, in pixels. captions: how many captions a photo has, on average.
    problem: what is wrong with the first that cannot be used, empty when all can.
    """

    source: dict
    items: int
    seen: int = 0
    there: int = 0
    sizes: list[tuple[int, int]] = field(default_factory=list)
    captions: float = 1.0
    problem: str = ""

    @property
    def side(self) -> int:
        """The longer side of the photo in the middle, in pixels."""
        return round(statistics.median(max(size) for size in self.sizes)) if self.sizes else 640

    @property
    def smallest(self) -> int:
        """The shorter side that nineteen of twenty photos have at least, in pixels."""
        sides = sorted(min(size) for size in self.sizes)
        return sides[len(sides) // 20] if sides else 0


def look(photos: Path, captions: Path | None, name: str, columns: dict[str, str] | None = None) -> Found:
    """Return the source that lies at `photos`, with the captions of `captions` where it is given.

    columns: which columns of a table are the path and the caption, where their names do not tell.

    Raises LookError, or SourceError of the reader, when there is none or not one photo of it.
    """
    for path in (photos, captions):
        if path is not None and not path.exists():
            raise LookError(f"{path} is not there")
    if photos.is_file() and photos.suffix.lower().lstrip(".") in PHOTOS:
        raise LookError(f"--photos {photos} is one photo; give the folder that it lies in")
    if captions is not None and captions.is_dir():
        raise LookError(
            f"--captions {captions} is a folder; name the file in it, or put captions beside the photos"
        )
    if captions is not None or photos.is_file():
        source = _name_file(captions or photos, photos if photos.is_dir() else photos.parent, columns)
    else:
        source = _name_folder(photos, columns)
    if columns and source["format"] != "table":
        raise LookError(
            f"--columns tells of a table, and the captions of {photos} are in the format {source['format']};"
            " name the table with --captions"
        )
    return _measure({"name": name, **source})


def _name_folder(folder: Path, columns: dict[str, str] | None) -> dict:
    """Return the source in a folder that was given alone. columns: as in `look`."""
    if any(folder.glob("*.tar")):
        return {"format": "webdataset", "tars": str(folder)}
    photos = list_photos(folder)
    stems = {str(Path(photo).with_suffix("")) for photo in photos}
    beside = sum(any((folder / stem).with_suffix(kind).is_file() for kind in CAPTIONS) for stem in stems)
    tables, faults = [], []
    for path in _list_tables(folder, stems):
        try:
            tables.append(_name_file(path, folder, columns))
        except (LookError, SourceError) as error:
            faults.append(str(error))
    if beside and beside >= len(photos) / 2:
        return {"format": "folder", "folder": str(folder)}
    if len(tables) == 1:
        return tables[0]
    if tables:
        names = ", ".join(str(table.get("table") or table["captions"]) for table in tables)
        raise LookError(
            f"{folder} has several files of captions ({names}); choose one with --captions. A further one is"
            " a further entry of samples.sources in the config, with a name of its own (docs/DATA.md)"
        )
    if beside:
        return {"format": "folder", "folder": str(folder)}
    if photos and faults:
        tried = "\n".join(faults[:2])
        raise LookError(
            f"{folder} has {tell_count(len(photos), 'photo')}, and no captions that can be read:\n{tried}\n"
            f"If that file holds none, {CAPTIONS_ARE_NEEDED}"
        )
    if photos:
        raise LookError(
            f"{folder} has {tell_count(len(photos), 'photo')} and no captions; {CAPTIONS_ARE_NEEDED}"
        )
    raise LookError(
        f"{folder} has no photos, no *.tar and no table of captions"
        + "".join(f"\n(tried: {f})" for f in faults[:2])
    )


def _list_tables(folder: Path, stems: set[str]) -> list[Path]:
    """Return files of a folder, and of `annotations` in it, that may hold all its captions."""
    found = []
    for path in sorted([*folder.glob("*"), *(folder / "annotations").glob("captions_*.json")]):
        kind, stem = path.suffix.lower(), path.stem
        if kind not in (*SUFFIXES, ".xlsx", ".xls") or not path.is_file() or path.name.startswith("."):
            continue
        if stem in stems or (kind == ".txt" and not _TEXT_TABLES.fullmatch(stem)):
            continue
        found.append(path)
    return found


def _name_file(path: Path, folder: Path, columns: dict[str, str] | None = None) -> dict:
    """Return the source whose captions are in a file, with its photos in or near a folder."""
    if path.suffix.lower() == ".tar":
        return {"format": "webdataset", "tars": str(path.parent)}
    if path.suffix.lower() == ".json" and (document := _read_coco(path)):
        return _name_coco(path, document, folder)
    if path.suffix.lower() in BY_SUFFIX and not find_fault(path):
        layout = sniff_layout(path)
        if layout.separator == "\t" and _is_cc(layout.first) and not columns:
            lines = {"name": LOOKED_AT, "format": "cc_tsv", "table": str(path), "images": str(folder)}
            names = (_name_below(folder, item.path) for item in _read_first(lines) if item.path)
            return {
                "format": "cc_tsv",
                "table": str(path),
                "images": str(_find_images(names, path, folder, True)),
            }
    source = {"format": "table", "table": str(path), **_tell_layout(path)}
    if columns:
        source["columns"] = source.get("columns", {}) | columns
    items = list(_read_first({"name": LOOKED_AT, **source}))
    names = (_name_below(path.parent, item.path) for item in items if item.path and not item.problem)
    images = _find_images(names, path, folder)
    return source if images == path.parent else {**source, "images": str(images)}


def _tell_layout(path: Path) -> dict:
    """Return the keys `separator` and `columns` of a table, where they are not the usual ones."""
    kind, told = path.suffix.lower(), {}
    if kind in BY_SUFFIX:
        if find_fault(path):
            return {}
        layout = sniff_layout(path)
        if layout.separator != BY_SUFFIX[kind]:
            told["separator"] = layout.separator
        names = layout.first if layout.has_head else []
    elif kind == ".parquet":
        import pyarrow.parquet as pq

        try:
            names = pq.ParquetFile(path).schema_arrow.names
        except (OSError, ValueError):  # its reader says what is wrong
            return {}
    else:
        return {}
    columns = {
        ours: theirs for ours, theirs in match_columns(names).items() if ours in NEEDED and ours != theirs
    }
    return told | ({"columns": columns} if columns else {})


def _name_coco(path: Path, document: dict, folder: Path) -> dict:
    if not any("caption" in entry for entry in document["annotations"][:20] if isinstance(entry, dict)):
        raise LookError(f"{path} is of COCO's form and has no captions; name captions_*.json")
    names = (str(image.get("file_name")) for image in document["images"] if isinstance(image, dict))
    source = {"format": "coco", "captions": str(path), "images": str(_find_images(names, path, folder, True))}
    instances = path.with_name(path.name.replace("captions", "instances"))
    if instances != path and instances.is_file():
        source["instances"] = str(instances)
    return source


def _read_coco(path: Path) -> dict | None:
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    return document if all(isinstance(document.get(key), list) for key in ("images", "annotations")) else None


def _is_cc(first: list[str]) -> bool:
    return len(first) > 1 and bool(_LINK.fullmatch(first[1].strip())) and not match_columns(first)


def _find_images(names: Iterable[str], path: Path, folder: Path, within: bool = False) -> Path:
    """Return the folder, near a file of captions, in which most of the first photos that it names lie.

    within: names must not lead out of it, as the formats ask for whose lists come from elsewhere.
    """
    first = [name for name, _ in zip(names, range(20), strict=False)]
    near = [folder, path.parent, folder.parent, path.parent.parent]
    near += [below for above in dict.fromkeys(near[:2]) for below in sorted(above.glob("*/"))]
    if within and first:
        near.append(
            Path(os.path.commonpath([Path(os.path.abspath(path.parent / name)).parent for name in first]))
        )
    counts = {
        # Path.is_file raises on a name that is too long.
        where: sum(os.path.isfile(where / name) and not (within and leads_out(where, name)) for name in first)
        for where in dict.fromkeys(near)
    }
    best = max(counts, key=lambda where: counts[where])
    if first and not counts[best]:
        raise LookError(
            f"{path} names photos ({', '.join(first[:2])} ...), and none of the first {len(first)} lies in or"
            f" beside {folder}; give their folder: --photos FOLDER --captions {path}"
        )
    return best


def _name_below(folder: Path, path: Path) -> str:
    """Return a photo's path as its file of captions names it: below a folder, or absolute."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _read_first(source: dict) -> Iterator:
    yield from iterate_items({"photos": count_items(source), **source}, range(20))


def _measure(source: dict) -> Found:
    """Return a source with what a look at some of its items tells. Raises LookError when no photo of
    these is there with a caption.
    """
    found = Found(source, count_items(source))
    if not found.items:
        raise LookError(f"{source.get('table') or source.get('captions')} has no rows")
    number = min(found.items, _LOOKED_AT)
    part = {**source, "photos": found.items}
    if source["format"] != "webdataset":  # of tars the beginning will do: the rest would have to be read
        part |= {"photos": number, "take": {"of": found.items, "photos": number, "skip": 0, "seed": 0}}
    captions = 0
    for item in iterate_items(part, range(number)):
        found.seen += 1
        told = [text for text in item.captions if isinstance(text, str) and text.strip()]
        try:
            if item.problem:
                raise ValueError(item.problem[1])
            size = measure_photo(item.path if item.content is None else item.content)
            if not told:
                raise ValueError(f"{item.key} has no caption")
        except ValueError as error:
            told_wrong = error.detail if isinstance(error, PhotoError) else str(error)
            found.problem = found.problem or told_wrong
            continue
        found.there += 1
        found.sizes.append(size)
        captions += len(told)
    if not found.there:
        raise LookError(
            f"of {found.seen} photos that were looked at, not one can be used, for instance:"
            f" {found.problem}; see docs/DATA.md for the forms that are read"
        )
    found.captions = captions / found.there
    return found
