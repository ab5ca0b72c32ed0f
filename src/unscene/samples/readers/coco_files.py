"""COCO's captions and instances files: read whole, or a part of them once the run has cut them by photo.

A captions file is parsed once a run and not once a shard: COCO's own has 90 MB, and a run of it has
dozens of shards. What is cut holds its photos in the order of `images`, each with its captions.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from unscene.photos.instances_index import name_id, read_document
from unscene.run.cuts import find_cut, is_large, name_cut
from unscene.run.tables import Column, Table, open_table
from unscene.samples.readers.items import Positions, SourceError

FOLDER = Path("state/captions")
_ROWS_A_GROUP = 1024
# The first row holds what the file says beside its photos; it stands before the one at position 0.
_HEAD_ROWS = 1
_CUT = Table(
    "state/captions/{sha256}.parquet",
    "photo of a captions file, in its order",
    (
        Column("image", "text", "its entry of `images`, as JSON"),
        Column("annotations", "text", "the entries of `annotations` with its id, as JSON"),
        Column("is_repeated", "boolean", "whether a photo before it has its id"),
    ),
)


@dataclass
class Listed:
    """A photo of a captions file: its place in `images`, its entry there, its `annotations`, and
    whether a photo before it has the same id.
    """

    position: int
    image: dict
    annotations: list[dict]
    is_repeated: bool


@dataclass
class Captions:
    """What a captions file says: `listed` are the photos that were asked for, in its order; images and
    annotations count all of it; head is what it says beside them.
    """

    head: dict
    images: int
    annotations: int
    listed: list[Listed]


def cut_captions(source: dict) -> None:
    """Cut a source's captions file by photo, once a run, where it is a large one: who reads a part of it
    in this directory then parses that part alone. Raises what `read_captions` does.
    """
    if is_large(source["captions"]):
        find_cut(source["captions"], FOLDER, lambda _, table: _cut(source, table))


def read_captions(source: dict, wanted: Positions) -> Captions:
    """Return what a source's captions file says of the photos at these positions. Raises SourceError
    when it is not in COCO's format.
    """
    path = source["captions"]
    if FOLDER.is_dir() and is_large(path) and (table := name_cut(path, FOLDER)).is_file():
        return _read_cut(table, wanted)
    document = load_document(source, "captions")
    listed = [photo for photo in islice(_list_photos(document), wanted.stop) if photo.position in wanted]
    return Captions(*_measure(document), listed)


def load_document(source: dict, key: str, keys: Collection[str] = ()) -> dict:
    """Return the JSON that a key of the source names, of instances what is told of the image ids
    `keys`. Raises SourceError when it lacks the lists that COCO's files have.
    """
    path = Path(source[key])
    try:
        document = read_document(path, keys) if key == "instances" else json.loads(path.read_bytes())
        images, annotations = document["images"], document["annotations"]
        licences = document.get("licenses") or []
        if not all(isinstance(entry, dict) for entry in (*images, *annotations, *licences)):
            raise TypeError("an entry is no object")
        for entry in (*images, *annotations, *licences):
            _check_values(entry)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key {key}: {path} is not in COCO's {key} format "
            f"({type(error).__name__}: {error}); it needs the lists `images` and `annotations`"
        ) from error
    if key == "captions" and annotations and not any("caption" in entry for entry in annotations):
        is_instances = "bbox" in annotations[0] or "segmentation" in annotations[0]
        what = "is an instances file, which belongs to `instances`" if is_instances else "has no captions"
        raise SourceError.at(source, key, f"{path} {what}; give COCO's captions_*.json here")
    if key == "captions" and images and annotations:
        ids = {name_id(image.get("id")) for image in images}
        if not any(name_id(annotation.get("image_id")) in ids for annotation in annotations):
            told = f"{images[0].get('id')!r}, and the first `image_id` is {annotations[0].get('image_id')!r}"
            raise SourceError.at(
                source, key, f"{path} has no caption of any of its images: the first `id` is {told}"
            )
    return document


def _check_values(entry: dict) -> None:
    """Raise TypeError when what things are told apart by, or what captions mention, is of another kind."""
    for name in ("id", "image_id", "license"):
        if isinstance(entry.get(name), list | dict):
            raise TypeError(f"`{name}` holds a {type(entry[name]).__name__}")
    words = entry.get("mentions") or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TypeError("`mentions` is no list of words")


def _measure(document: dict) -> tuple[dict, int, int]:
    head = {name: value for name, value in document.items() if name not in ("images", "annotations")}
    return head, len(document["images"]), len(document["annotations"])


def _list_photos(document: dict) -> Iterator[Listed]:
    by_image: dict[str, list[dict]] = defaultdict(list)
    for annotation in document["annotations"]:
        by_image[name_id(annotation.get("image_id"))].append(annotation)
    seen = set()
    for position, image in enumerate(document["images"]):
        image_id = name_id(image.get("id"))
        yield Listed(position, image, by_image.get(image_id, []), image_id in seen)
        seen.add(image_id)


def _cut(source: dict, table: Path) -> None:
    document = load_document(source, "captions")
    head, images, annotations = _measure(document)
    told = {"head": head, "images": images, "annotations": annotations}
    photos = _list_photos(document)
    with _CUT.open(table, _ROWS_A_GROUP) as writer:
        rows = [{"image": json.dumps(told), "annotations": "[]", "is_repeated": False}]
        while rows:
            writer.write_frame(_CUT.frame(rows))
            rows = [
                {
                    "image": json.dumps(photo.image),
                    "annotations": json.dumps(photo.annotations),
                    "is_repeated": photo.is_repeated,
                }
                for photo in islice(photos, _ROWS_A_GROUP)
            ]


def _read_cut(table: Path, wanted: Positions) -> Captions:
    """Read the groups of rows in which the wanted photos lie."""
    with open_table(table) as file:
        told = json.loads(file.read_row_group(0, columns=["image"])["image"][0].as_py())
        inside = (position for position in wanted if position < told["images"])
        listed = []
        for group in sorted({(position + _HEAD_ROWS) // _ROWS_A_GROUP for position in inside}):
            rows, first = file.read_row_group(group), group * _ROWS_A_GROUP - _HEAD_ROWS
            places = [place for place in range(len(rows)) if first + place in wanted]
            for place, row in zip(places, rows.take(places).to_pylist(), strict=True):
                image, annotations = json.loads(row["image"]), json.loads(row["annotations"])
                listed.append(Listed(first + place, image, annotations, row["is_repeated"]))
        return Captions(told["head"], told["images"], told["annotations"], listed)
