"""A large instances file cut by photo, once: each shard then reads its own photos of it.

COCO's own file has 450 MB, which take ten seconds and gigabytes to parse; a run has hundreds of jobs
that ask it for some thousand photos. What is cut lies in the run's `state/`, named by the SHA-256 of
the file, so it is never that of another; whoever asks first makes it.
"""

import json
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from unscene.run.cuts import find_cut, is_large
from unscene.run.streaming import Lookup
from unscene.run.tables import Column, Table, read_json

FOLDER = Path("state/instances")
_PHOTOS_A_GROUP = 256
# The key of what the file says beside its photos: no photo's id.
_HEAD = "\0head"
_CUT = Table(
    "state/instances/{sha256}.parquet",
    "photo of an instances file",
    (
        Column("key", "text", "the photo's id as text"),
        Column("images", "text", "its entries of `images`, as JSON"),
        Column("annotations", "text", "its entries of `annotations`, as JSON"),
    ),
)


def read_document(path: str | Path, keys: Collection[str] | None = None) -> dict:
    """Return an instances file as JSON; of a large one only the entries of these image ids.

    Raises TableError when it is no JSON, and KeyError, TypeError, ValueError or AttributeError when it
    has not the shape that can be cut.
    """
    if keys is None or not is_large(path):
        return read_json(path)
    lookup = Lookup([find_cut(path, FOLDER, _cut)], "key", ["images", "annotations"])
    found = lookup.find(pd.Series([_HEAD, *sorted(keys)], dtype=str)).dropna()
    photos = found.iloc[1:]
    return {
        **json.loads(found["images"].iloc[0]),
        **{name: [entry for text in photos[name] for entry in json.loads(text)] for name in photos},
    }


def name_id(one: object) -> str:
    """Return an id as text: some programs write 7 as "7" or 7.0 in one of two lists."""
    return str(int(one) if isinstance(one, float) and one.is_integer() else one)


def check_ids(document: dict) -> None:
    """Raise ValueError when no annotation is of a photo that is listed: all of them would count as photos
    without any object.
    """
    images, annotations = document["images"], document["annotations"]
    if images and annotations:
        ids = {name_id(image["id"]) for image in images}
        if not any(name_id(annotation["image_id"]) in ids for annotation in annotations):
            raise ValueError(
                f"it says nothing of any photo that it lists: the first `id` is {images[0]['id']!r}, and the"
                f" first `image_id` is {annotations[0]['image_id']!r}"
            )


def read_head(path: str | Path) -> dict:
    """Return what an instances file says beside its photos: `categories`, `licenses` and so on. Raises
    what `read_document` does.
    """
    return read_document(path, ())


def _cut(path: str | Path, table: Path) -> None:
    document = read_json(path)
    check_ids(document)
    photos: dict[str, tuple[list, list]] = {}
    by_id: dict[str, tuple[list, list]] = {}
    for image in document.pop("images"):
        photo = photos.setdefault(str(image["id"]), ([], []))
        photo[0].append(image)
        by_id[name_id(image["id"])] = photo
    for annotation in document.pop("annotations"):
        told = by_id.get(name_id(annotation["image_id"]))
        if told is not None:  # of a photo that is not listed nothing is known
            told[1].append(annotation)
    keys = list(photos)
    with _CUT.open(table, _PHOTOS_A_GROUP) as writer:
        head = {"key": _HEAD, "images": json.dumps(document), "annotations": "[]"}
        writer.write_frame(_CUT.frame([head]))
        for start in range(0, len(keys), _PHOTOS_A_GROUP):
            some = keys[start : start + _PHOTOS_A_GROUP]
            texts = [[json.dumps(entries) for entries in photos.pop(key)] for key in some]
            rows = [
                {"key": key, "images": images, "annotations": annotations}
                for key, (images, annotations) in zip(some, texts, strict=True)
            ]
            writer.write_frame(_CUT.frame(rows))
