"""COCO's instances format, read in this one place: which objects a photo has, and their exact masks."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from unscene.photos.instances_index import check_ids, name_id, read_document, read_head
from unscene.photos.mask_shapes import bounding_box
from unscene.run.tables import TableError
from unscene.words.category_names import find_word

_SUPERSAMPLING = 8
# Annotators overshoot the frame by some pixels; so many sides away lies no object. NaN is no number
# below it, either.
_FAR = 2
# The longest side that a format of photos has.
_LONGEST = 2**20
# What `iscrowd` is in an object of its own, also where a program writes it as text.
_NO = ("0", "0.0", "false")


class InstancesError(ValueError):
    """An instance that cannot be drawn."""


@dataclass
class PhotoInstances:
    """What an instances file says of one photo: `segmentations` and `crowds` by category, as the
    file holds them; `boxes`, as polygons, of the objects that have no segmentation.

    objects: all categories that it names here, drawn or not. A photo that is listed and has no
    annotation has none of them; of a photo that is not listed nothing is known. Whatever draws them
    raises InstancesError when one is broken.
    """

    file_name: str
    height: int
    width: int
    segmentations: dict[str, list] = field(default_factory=dict)
    crowds: dict[str, list] = field(default_factory=dict)
    boxes: dict[str, list] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)

    def draw_objects(self, category: str) -> np.ndarray:
        """Return the union of the category's objects, bool (height, width)."""
        return self._draw(self.segmentations.get(category, ()))

    def draw_crowds(self, category: str) -> np.ndarray:
        """Return the regions marked as crowds of the category: some of their pixels are objects,
        nobody says which.
        """
        return self._draw(self.crowds.get(category, ()))

    def list_boxes(self) -> np.ndarray:
        """Return the box of every instance, crowds too, float32 (n, 4): x0, y0, x1, y1 in pixels,
        end exclusive.
        """
        groups = [*self.segmentations.values(), *self.crowds.values(), *self.boxes.values()]
        boxes = [bounding_box(self._draw([segmentation])) for group in groups for segmentation in group]
        return np.array(boxes, np.float32).reshape(-1, 4)

    def draw_boxes(self, category: str) -> np.ndarray:
        """Return the boxes of the category's objects that have no segmentation: some of their pixels are
        the object, nobody says which.
        """
        return self._draw(self.boxes.get(category, ()))

    def list_regions(self, category: str) -> list[np.ndarray]:
        """Return a mask, bool (height, width), of each place where an object of the category is: its own
        pixels, those of its crowd, or its box where the file has nothing else.
        """
        return self.list_masks(category) + [self._draw([box]) for box in self.boxes.get(category, ())]

    def list_masks(self, category: str) -> list[np.ndarray]:
        """Return a mask, bool (height, width), of each object of the category and of each of its crowds."""
        groups = self.segmentations.get(category, ()), self.crowds.get(category, ())
        return [self._draw([segmentation]) for group in groups for segmentation in group]

    def _draw(self, segmentations) -> np.ndarray:
        drawn = np.zeros((self.height, self.width), bool)
        for segmentation in segmentations:
            try:
                drawn |= decode_segmentation(segmentation, self.height, self.width)
            except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
                raise InstancesError(f"{self.file_name}: {type(error).__name__}: {error}") from error
        return drawn


def read_instances(path: str | Path, keys: Collection[str] | None = None) -> dict[str, PhotoInstances]:
    """Read an instances file: what it says of each photo that it lists, by image id as text.

    keys: the only image ids wanted. Raises TableError, naming the file and the key, when it is
    missing, not JSON, or not in that format.
    """
    try:
        return _index_instances(read_document(path, keys), keys)
    except TableError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = (
            f"it lacks the key {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        )
        raise TableError(
            f"{path}: not in COCO's instances format ({what}); correct `instances` where the "
            "config names this file"
        ) from error


def read_categories(path: str | Path) -> set[str]:
    """Return the words of the categories that an instances file has."""
    return {find_word(each["name"]) for each in read_head(path)["categories"]}


def list_objects(instances: dict[str, PhotoInstances] | None, key: object) -> set[str] | None:
    """Return the categories that a source says are on a photo (its own key, `source_key`), or None
    when that is not known.

    instances: of `read_instances`; None for a source without. Only a photo that the file lists is
    known, and then completely.
    """
    photo = None if instances is None else instances.get(str(key))
    return None if photo is None else photo.objects


def _index_instances(document: dict, keys: Collection[str] | None) -> dict[str, PhotoInstances]:
    words = {name_id(category["id"]): find_word(category["name"]) for category in document["categories"]}
    photos: dict[str, PhotoInstances] = {}
    by_id: dict[str, PhotoInstances] = {}
    for image in document["images"]:
        if keys is None or str(image["id"]) in keys:
            photo = PhotoInstances(
                image["file_name"], _read_side(image, "height"), _read_side(image, "width")
            )
            photos[str(image["id"])] = photo
            by_id[name_id(image["id"])] = photo
    check_ids(document)
    for annotation in document["annotations"]:
        photo = by_id.get(name_id(annotation["image_id"]))
        if photo is None:
            continue
        name = words[name_id(annotation["category_id"])]
        photo.objects.add(name)
        if annotation.get("segmentation"):
            is_crowd = str(annotation.get("iscrowd") or 0).lower() not in _NO
            kind = photo.crowds if is_crowd else photo.segmentations
            kind.setdefault(name, []).append(annotation["segmentation"])
        elif annotation.get("bbox"):
            photo.boxes.setdefault(name, []).append(_outline_box(annotation["bbox"]))
    return photos


def _read_side(image: dict, name: str) -> int:
    """Return a photo's height or width; 0, which no photo has, where the file says no number of pixels.

    Some programs write 480 as 480.0.
    """
    side = image[name]
    is_number = isinstance(side, int | float) and 0 < side <= _LONGEST and side == int(side)
    return int(side) if is_number else 0


def _outline_box(box: list) -> list:
    """Return COCO's box (left, top, width, height; pixels) as a segmentation of one polygon.

    One that is no box is returned as a polygon of its numbers, which cannot be drawn.
    """
    try:
        left, top, width, height = (float(number) for number in box)
    except (TypeError, ValueError):
        return [box]
    right, bottom = left + width, top + height
    return [[left, top, right, top, right, bottom, left, bottom]]


def decode_segmentation(segmentation: list | dict, height: int, width: int) -> np.ndarray:
    """Return a segmentation as a mask, bool (height, width): polygons, run lengths as a list, or
    COCO's compressed text.

    A pixel belongs to a polygon that covers half of it; pycocotools may differ in single pixels of
    the outline. ValueError for run lengths of another size and for a polygon that is none: fewer
    than three corners, corners that are no numbers or lie far outside the photo. Also for one whose
    corners, of all its polygons, lie within the first pixel: shares of a side, as other formats have.
    """
    if isinstance(segmentation, dict):
        counts, size = segmentation["counts"], segmentation.get("size", [height, width])
        if list(size) != [height, width]:
            raise ValueError(f"run lengths of height x width {size}, the photo is {height}x{width}")
        return decode_runs(decompress_runs(counts) if isinstance(counts, str) else counts, height, width)
    drawn = np.zeros((height, width), bool)
    outlines = [np.asarray(polygon, float).reshape(-1, 2) for polygon in segmentation]
    within = [corners.size and (np.abs(corners) <= 1).all() for corners in outlines]
    if outlines and min(width, height) > 1 and all(within):
        raise ValueError(f"a polygon in pixels is needed, not in shares of a side: {str(segmentation)[:60]}")
    for polygon, corners in zip(segmentation, outlines, strict=True):
        if len(corners) < 3 or not (np.abs(corners) <= _FAR * max(height, width)).all():
            raise ValueError(f"no polygon of a photo of {width}x{height}: {str(polygon)[:60]}")
        x0, y0 = np.clip(np.floor(corners.min(axis=0)), 0, (width - 1, height - 1)).astype(int)
        x1, y1 = np.clip(np.ceil(corners.max(axis=0)), (x0 + 1, y0 + 1), (width, height)).astype(int)
        fine = np.zeros(((y1 - y0) * _SUPERSAMPLING, (x1 - x0) * _SUPERSAMPLING), np.uint8)
        # COCO counts from a pixel's corner, OpenCV from its centre.
        scaled = np.round((corners - (x0, y0)) * _SUPERSAMPLING - 0.5).astype(np.int32)
        cv2.fillPoly(fine, [scaled], 255)
        covered = cv2.resize(fine, (int(x1 - x0), int(y1 - y0)), interpolation=cv2.INTER_AREA)
        drawn[y0:y1, x0:x1] |= covered > 127
    return drawn


def decode_runs(counts: list[int], height: int, width: int) -> np.ndarray:
    """Return run lengths (zeros first, column by column) as a mask; ValueError when they do not
    fill the photo.
    """
    if sum(counts) != height * width:
        raise ValueError(f"run lengths cover {sum(counts)} pixels of a photo of {width}x{height}")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(width, height).T


def decompress_runs(text: str) -> list[int]:
    """Return the run lengths in COCO's compressed text.

    Five bits a character from code 48 on, the sixth says that more follow, the last one's fifth is
    the sign; from the fourth number on each is a difference to the one before the last (format of
    cocodataset/cocoapi, maskApi.c).
    """
    counts: list[int] = []
    value, shift = 0, 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value, shift = 0, 0
    return counts
