"""The shape of a mask: from a detector's instances to the area that a removal repaints."""

from dataclasses import dataclass

import cv2
import numpy as np

# A mask that touches three of the photo's four borders leaves too little to continue into it.
MAX_BORDERS = 2
# Longest side of a part's box, as a share of the photo's side: beyond it no scene is left to go on
# behind the object.
MAX_BOX = 0.85
# Largest share of the photo's border that a mask may cover: there the hole has nothing on its far
# side to continue from.
MAX_BORDER = 0.2
# Smaller parts, as a share of the photo, are noise of the segmentation.
SPECK_AREA = 0.0005
# Segmentations cut an object's edge short in proportion to its size: dilation radius as a share of
# the root of its area.
DILATION_SHARE = 0.03
# The contact shadow below an object, as a share of its height. A shadow that stays betrays what was removed.
SHADOW_SHARE = 0.06


@dataclass(frozen=True)
class ObjectMask:
    """A mask and what its limits were judged by.

    `mask` is the final, dilated one, `object_mask` the object before dilation; `box` (x0, y0, x1,
    y1; pixels, end exclusive) and `area_fraction` belong to the object before dilation;
    `dilation_px` is the radius used; `reason` is None when all limits are kept.
    """

    mask: np.ndarray
    object_mask: np.ndarray
    box: tuple[int, int, int, int]
    area_fraction: float
    dilation_px: float
    reason: str | None


def shape_mask(instances: np.ndarray, settings: dict) -> ObjectMask:
    """Join instance masks, bool (n, height, width), into the mask of one edit and judge its limits.

    Union, holes filled, specks dropped; then dilation by a disc of radius max(dilation_px,
    DILATION_SHARE x sqrt(area)) and, below each part, by SHADOW_SHARE x its height. `settings` is
    the config's block `masks`.
    """
    shape = instances.shape[1:]
    object_mask = drop_specks(fill_holes(instances.any(axis=0)), SPECK_AREA * shape[0] * shape[1])
    area_px = int(object_mask.sum())
    radius = max(settings["dilation_px"], DILATION_SHARE * area_px**0.5)
    mask = dilate(extend_below(object_mask, SHADOW_SHARE), radius)
    return ObjectMask(
        mask=mask,
        object_mask=object_mask,
        box=bounding_box(object_mask),
        area_fraction=area_px / object_mask.size,
        dilation_px=float(radius),
        reason=find_broken_limit(object_mask, mask, settings),
    )


def find_broken_limit(object_mask: np.ndarray, mask: np.ndarray, settings: dict) -> str | None:
    """Return the first limit that a mask breaks, or None.

    `empty`, `too_small`, `box_too_large` and `touches_border` judge the object before dilation;
    `too_large` the final mask, since that is what must be repainted. The box is that of each
    connected part: people all over a square are many small holes, one person across it is a large
    one.
    """
    height, width = object_mask.shape
    area_fraction = float(object_mask.mean())
    if area_fraction == 0:
        return "empty"
    if area_fraction < settings["min_area"]:
        return "too_small"
    if mask.mean() > settings["max_area"]:
        return "too_large"
    part_width, part_height = measure_largest_part(object_mask)
    if max(part_width / width, part_height / height) > MAX_BOX:
        return "box_too_large"
    share, borders = measure_border(object_mask)
    if share > MAX_BORDER or borders > MAX_BORDERS:
        return "touches_border"
    return None


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Fill what the mask encloses: background that is not connected (through edges) to the outside."""
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(outside, connectivity=4)
    return (labels != labels[0, 0])[1:-1, 1:-1]


def drop_specks(mask: np.ndarray, min_area_px: float) -> np.ndarray:
    """Drop 8-connected parts smaller than `min_area_px` pixels; the largest part always stays."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask.copy()
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= min_area_px
    keep[1 + int(np.argmax(areas[1:]))] = True
    keep[0] = False
    return keep[labels]


def dilate(mask: np.ndarray, radius_px: float) -> np.ndarray:
    """Grow a mask by a disc: all pixels whose centre lies within `radius_px` of the mask. The
    radius may be fractional.
    """
    if radius_px < 1 or not mask.any():
        return mask.copy()
    window = _grow_window(bounding_box(mask), int(radius_px) + 1, mask.shape)
    grown = mask.copy()
    grown[window] = square_depth(~mask[window]) <= radius_px**2
    return grown


def square_depth(mask: np.ndarray) -> np.ndarray:
    """Return the squared distance in pixels of each pixel of a mask (height, width) to the nearest one
    outside, float64; 0 outside.

    Squares of distances between pixels are whole numbers. OpenCV's roots of them are not: their last
    bits differ from call to call, with the place of the mask in memory.
    """
    root = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.rint(root.astype(float) ** 2)


def extend_below(mask: np.ndarray, share: float) -> np.ndarray:
    """Extend each connected part downwards by `share` of its height, where its contact shadow lies."""
    extended = mask.copy()
    if share <= 0:
        return extended
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for part in range(1, count):
        x, y, width, height = (int(value) for value in stats[part, :4])
        reach = round(share * height)
        if reach < 1:
            continue
        window = (slice(y, min(y + height + reach, mask.shape[0])), slice(x, x + width))
        # anchor at the kernel's lower end: each pixel looks up, so the part grows down
        kernel = np.ones((reach + 1, 1), np.uint8)
        grown = cv2.dilate(
            (labels[window] == part).astype(np.uint8), kernel, anchor=(0, reach), borderValue=0
        )
        extended[window] |= grown > 0
    return extended


def bounding_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the tight box (x0, y0, x1, y1) in pixels, end exclusive; zeros for an empty mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def measure_largest_part(mask: np.ndarray) -> tuple[int, int]:
    """Return the largest width and the largest height (pixels) of the boxes around a mask's
    connected parts.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    parts = stats[1:]
    return int(parts[:, cv2.CC_STAT_WIDTH].max(initial=0)), int(parts[:, cv2.CC_STAT_HEIGHT].max(initial=0))


def measure_border(mask: np.ndarray) -> tuple[float, int]:
    """Return the share of the photo's border pixels that the mask covers and how many of the four
    sides it touches.
    """
    sides = (mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1])
    length = sum(side.size for side in sides)
    return sum(int(side.sum()) for side in sides) / length, sum(bool(side.any()) for side in sides)


def feather(mask: np.ndarray, width_px: int) -> np.ndarray:
    """Return blend weights, float32 (height, width): 0 outside the mask, rising to 1 over
    `width_px` pixels inside it.

    Where the mask meets the photo's border there is no seam, hence no ramp.
    """
    if width_px < 1:
        return mask.astype(np.float32)
    padded = np.pad(mask, width_px + 1, mode="edge")
    inner = np.sqrt(square_depth(padded))[width_px + 1 : -width_px - 1, width_px + 1 : -width_px - 1]
    return np.clip(inner / (width_px + 1), 0, 1).astype(np.float32)


def _grow_window(box: tuple[int, int, int, int], margin: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box
    return (
        slice(max(0, y0 - margin), min(shape[0], y1 + margin)),
        slice(max(0, x0 - margin), min(shape[1], x1 + margin)),
    )
