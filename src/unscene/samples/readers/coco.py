"""COCO's captions format: one JSON with `images` and `annotations`, photos in a folder.

The whole JSON is parsed for each shard: about 100 MB and two seconds for train2017, little beside
decoding the photos. Instances are opened only for the licences that the captions file lacks, and then
those of the shard's photos (`unscene.photos.instances_index`); what they say of objects is read elsewhere.
"""

import json
import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from unscene.photos.instances_index import read_document
from unscene.samples.readers.items import Item, Positions, SourceError, check_count, find_path


def iterate_coco(source: dict, wanted: Positions) -> Iterator[Item]:
    """Yield the items of a COCO captions file in the order of its `images`; the key is COCO's image id."""
    path_to_captions, path_to_images = (find_path(source, key) for key in ("captions", "images"))
    if source.get("instances"):
        find_path(source, "instances")  # its absence must show now, not after hours
    document = _load(source, "captions")
    images, annotations = document["images"], document["annotations"]
    logging.getLogger("unscene").info(
        "%s: %d images, %d captions", path_to_captions, len(images), len(annotations)
    )
    check_count(source, len(images), path_to_captions)

    mine = {images[position].get("id") for position in wanted if position < len(images)}
    licences = _Licences(source, document, {str(image_id) for image_id in mine})
    by_image: dict[object, list[dict]] = {}
    for annotation in annotations:
        if annotation.get("image_id") in mine:
            by_image.setdefault(annotation["image_id"], []).append(annotation)
    seen = {image.get("id") for image in images[: wanted.start]}
    for position, image in enumerate(images[wanted.start : wanted.stop], wanted.start):
        image_id, name = image.get("id"), image.get("file_name")
        if position not in wanted:
            seen.add(image_id)
            continue
        told = by_image.get(image_id, [])
        item = Item(
            key=str(image_id),
            captions=[annotation.get("caption") for annotation in told],
            mentions=_read_mentions(told),
            path=path_to_images / str(name),
            url=image.get("flickr_url") or image.get("coco_url"),
            licence=licences.find(image),
        )
        if image_id is None or not name:
            item.key = f"position {position}"
            item.problem = ("malformed", f"image {position} of {path_to_captions} has no id or no file_name")
        elif image_id in seen:
            item.problem = ("duplicate_id", f"{path_to_captions} has image id {image_id} twice")
        seen.add(image_id)
        yield item


def count_images(source: dict) -> int:
    """Return the number of photos that a captions file lists."""
    find_path(source, "captions")
    return len(_load(source, "captions")["images"])


class _Licences:
    """What a captions file says of its photos' licences or, when it says nothing at all, the
    source's instances file of those that are asked about.
    """

    def __init__(self, source: dict, document: dict, keys: Collection[str]):
        self._images: dict[object, dict] = {}
        if not document.get("licenses") and source.get("instances") and Path(source["instances"]).is_file():
            document = _load(source, "instances", keys)
            self._images = {image.get("id"): image for image in document["images"]}
        self._known = {each.get("id"): each for each in document.get("licenses") or []}

    def find(self, image: dict) -> dict[str, object]:
        """Return the values of LICENCES for an entry of `images`."""
        told = self._images.get(image.get("id"), image)
        licence = self._known.get(told.get("license"), {})
        return {
            "license": licence.get("name"),
            "license_url": licence.get("url"),
            "author_url": told.get("flickr_url"),
            "source_url": told.get("coco_url"),
        }


def _load(source: dict, key: str, keys: Collection[str] = ()) -> dict:
    """Return the JSON that a key of the source names, of instances what is told of the image ids
    `keys`. Raises SourceError when it lacks the lists that COCO's files have.
    """
    path = Path(source[key])
    try:
        document = read_document(path, keys) if key == "instances" else json.loads(path.read_bytes())
        images, annotations = document["images"], document["annotations"]
        if not all(isinstance(entry, dict) for entry in (*images, *annotations)):
            raise TypeError("an entry is no object")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key {key}: {path} is not in COCO's {key} format "
            f"({type(error).__name__}: {error}); it needs the lists `images` and `annotations`"
        ) from error
    if key == "captions" and annotations and not any("caption" in entry for entry in annotations):
        is_instances = "bbox" in annotations[0] or "segmentation" in annotations[0]
        what = "is an instances file, which belongs to `instances`" if is_instances else "has no captions"
        raise SourceError.at(source, key, f"{path} {what}; give COCO's captions_*.json here")
    return document


def _read_mentions(annotations: list[dict]) -> list[list[str]] | None:
    if not any("mentions" in annotation for annotation in annotations):
        return None
    return [list(annotation.get("mentions") or []) for annotation in annotations]
