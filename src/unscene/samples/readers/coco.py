"""COCO's captions format: one JSON with `images` and `annotations`, photos in a folder.

The whole JSON is parsed for each shard: about 100 MB and two seconds for train2017, little beside decoding the photos.
Instances are not read here; only masks.truth `union` and the score against truth need them.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

from unscene.samples.readers.items import Item, SourceError, check_count, find_path


def iterate_coco(source: dict, item_range: range) -> Iterator[Item]:
    """Yield the items of a COCO captions file in the order of its `images`; the key is COCO's image id."""
    path_to_captions, path_to_images = (find_path(source, key) for key in ("captions", "images"))
    if source.get("instances"):
        find_path(source, "instances")  # its absence must show now, not after hours
    images, annotations = _load(source, path_to_captions)
    check_count(source, len(images), path_to_captions)

    wanted = {image.get("id") for image in images[item_range.start : item_range.stop]}
    by_image: dict[object, list[dict]] = {}
    for annotation in annotations:
        if annotation.get("image_id") in wanted:
            by_image.setdefault(annotation["image_id"], []).append(annotation)
    seen = {image.get("id") for image in images[: item_range.start]}
    for position, image in enumerate(images[item_range.start : item_range.stop], item_range.start):
        image_id, name = image.get("id"), image.get("file_name")
        mine = by_image.get(image_id, [])
        item = Item(
            key=str(image_id),
            captions=[annotation.get("caption") for annotation in mine],
            mentions=_read_mentions(mine),
            path=path_to_images / str(name),
            url=image.get("flickr_url") or image.get("coco_url"),
        )
        if image_id is None or not name:
            item.key = f"position {position}"
            item.problem = ("malformed", f"image {position} of {path_to_captions} has no id or no file_name")
        elif image_id in seen:
            item.problem = ("duplicate_id", f"{path_to_captions} has image id {image_id} twice")
        seen.add(image_id)
        yield item


def _load(source: dict, path: Path) -> tuple[list[dict], list[dict]]:
    try:
        document = json.loads(path.read_bytes())
        images, annotations = document["images"], document["annotations"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key captions: {path} is not in COCO's captions format "
            f"({type(error).__name__}: {error}); it needs the lists `images` and `annotations`"
        ) from error
    logging.getLogger("unscene").info("%s: %d images, %d captions", path, len(images), len(annotations))
    return images, annotations


def _read_mentions(annotations: list[dict]) -> list[list[str]] | None:
    if not any("mentions" in annotation for annotation in annotations):
        return None
    return [list(annotation.get("mentions") or []) for annotation in annotations]
