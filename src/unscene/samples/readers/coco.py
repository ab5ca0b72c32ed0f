"""COCO's captions format: one JSON with `images` and `annotations`, photos in a folder.

The captions file is read whole or, where the run has cut it by photo, in part
(`unscene.samples.readers.coco_files`). Instances are opened only for the licences that the captions file
lacks, and then those of the shard's photos; what they say of objects is read elsewhere.
"""

import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from unscene.run.counts import tell_count
from unscene.samples.readers.coco_files import load_document, read_captions
from unscene.samples.readers.items import (
    Item,
    Positions,
    check_count,
    find_path,
    leads_out,
    tell_outside,
)


def iterate_coco(source: dict, wanted: Positions) -> Iterator[Item]:
    """Yield the items of a COCO captions file in the order of its `images`; the key is COCO's image id."""
    path_to_captions, path_to_images = (find_path(source, key) for key in ("captions", "images"))
    if source.get("instances"):
        find_path(source, "instances")  # its absence must show now, not after hours
    captions = read_captions(source, wanted)
    logging.getLogger("unscene").info(
        "%s: %s, %s",
        path_to_captions,
        tell_count(captions.images, "image"),
        tell_count(captions.annotations, "caption"),
    )
    check_count(source, captions.images, path_to_captions)
    licences = _Licences(source, captions.head, {str(photo.image.get("id")) for photo in captions.listed})
    for photo in captions.listed:
        image_id, name = photo.image.get("id"), photo.image.get("file_name")
        item = Item(
            key=str(image_id),
            captions=[annotation.get("caption") for annotation in photo.annotations],
            mentions=_read_mentions(photo.annotations),
            path=path_to_images / str(name),
            url=photo.image.get("flickr_url") or photo.image.get("coco_url"),
            licence=licences.find(photo.image),
        )
        if image_id is None or not name:
            item.key = f"position {photo.position}"
            where = f"image {photo.position} of {path_to_captions}"
            item.problem = ("malformed", f"{where} has no id or no file_name")
        elif photo.is_repeated:
            item.problem = ("duplicate_id", f"{path_to_captions} has image id {image_id} twice")
        elif leads_out(path_to_images, str(name)):
            item.problem = tell_outside(path_to_images, str(name))
        yield item


def count_images(source: dict) -> int:
    """Return the number of photos that a captions file lists."""
    find_path(source, "captions")
    return len(load_document(source, "captions")["images"])


class _Licences:
    """What a captions file says of its photos' licences or, when it says nothing at all, the
    source's instances file of those that are asked about.
    """

    def __init__(self, source: dict, head: dict, keys: Collection[str]):
        self._images: dict[object, dict] = {}
        if not head.get("licenses") and source.get("instances") and Path(source["instances"]).is_file():
            head = load_document(source, "instances", keys)
            self._images = {image.get("id"): image for image in head["images"]}
        self._known = {each.get("id"): each for each in head.get("licenses") or []}

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


def _read_mentions(annotations: list[dict]) -> list[list[str]] | None:
    if not any("mentions" in annotation for annotation in annotations):
        return None
    return [list(annotation.get("mentions") or []) for annotation in annotations]
