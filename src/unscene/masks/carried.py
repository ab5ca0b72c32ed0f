"""What an object carries: take away the horse, and the rider floats.

Told from a mask and the boxes of other objects, so rough: a person in front of a bench may count as
sitting on it. It errs to the safe side, since another object of another photo serves as well.
"""

import numpy as np

from unscene.photos.mask_shapes import bounding_box, dilate

# Confidence from which on another object counts: below it, detectors invent cups on tables.
LEAST_CONFIDENCE = 0.4
# An object rests where its lower edge, give or take BAND of its height, meets the mask over this
# share of its width, and a part of the mask lies lower still: what stands in front ends lower.
LEAST_SUPPORT, LEAST_BELOW, BAND = 0.4, 0.2, 0.08
# A held object lies in the holder's box and touches its mask with this share of its own box; larger
# ones are what the holder sits or stands at.
LEAST_INSIDE, LEAST_TOUCH, LARGEST_HELD = 0.9, 0.15, 0.25
# What has hands.
HOLDERS = frozenset({"person"})
# Share of the photo's longer side within which two things touch.
CONTACT = 0.01
# Columns at both ends of a box that do not count: its corners are seldom the object.
CORNER = 0.15


def find_carried(object_mask: np.ndarray, category: str, detections) -> str | None:
    """Return the category of the surest object that rests on the masked one or is held by it, or None.

    object_mask: bool (height, width). detections: all that was seen on the photo, as `seen_boxes`,
    `seen_confidences` and `seen_categories`.
    """
    reach = dilate(object_mask, CONTACT * max(object_mask.shape))
    order = np.argsort(-np.asarray(detections.seen_confidences, float), kind="stable")
    for row in order:
        name, box = detections.seen_categories[row], np.asarray(detections.seen_boxes[row], float)
        if name == category or detections.seen_confidences[row] < LEAST_CONFIDENCE:
            continue
        if rests_on(object_mask, reach, box) or (category in HOLDERS and is_held_by(object_mask, reach, box)):
            return name
    return None


def rests_on(object_mask: np.ndarray, reach: np.ndarray, box: np.ndarray) -> bool:
    """Tell whether a box (x0, y0, x1, y1; pixels) ends on the object, which goes on below it."""
    height, width = object_mask.shape
    x0, _, x1, y1 = box
    band = max(BAND * (y1 - box[1]), CONTACT * height)
    rows = _clip(y1 - band, y1 + band, height)
    columns = _clip(x0 + CORNER * (x1 - x0), x1 - CORNER * (x1 - x0), width)
    support = object_mask[rows, columns].any(axis=0)
    below = object_mask[min(height, max(0, int(y1))) :].sum() / max(object_mask.sum(), 1)
    touches = reach[_clip(box[1], y1, height), _clip(x0, x1, width)].any()
    return bool(support.size and support.mean() >= LEAST_SUPPORT and below >= LEAST_BELOW and touches)


def is_held_by(object_mask: np.ndarray, reach: np.ndarray, box: np.ndarray) -> bool:
    """Tell whether a box lies at the object as what is held or worn does."""
    height, width = object_mask.shape
    left, top, right, bottom = bounding_box(object_mask)
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)
    shared = max(0.0, min(right, box[2]) - max(left, box[0])) * max(
        0.0, min(bottom, box[3]) - max(top, box[1])
    )
    touched = reach[_clip(box[1], box[3], height), _clip(box[0], box[2], width)]
    is_small = area <= LARGEST_HELD * (right - left) * (bottom - top)
    is_inside = shared / area >= LEAST_INSIDE
    return bool(is_small and is_inside and touched.size and touched.mean() >= LEAST_TOUCH)


def _clip(low: float, high: float, size: int) -> slice:
    """Return the pixels that a range touches inside a side of the photo."""
    return slice(min(size, max(0, int(np.floor(low)))), min(size, max(0, int(np.ceil(high)))))
