"""The square around a mask that a remover sees, and the way back into the photo."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from unscene.photos.mask_shapes import bounding_box, feather


@dataclass(frozen=True)
class Crop:
    """A square around a mask: `side` pixels from (x0, y0); it may reach beyond the photo, where it
    is mirrored.
    """

    x0: int
    y0: int
    side: int


def place_crop(mask: np.ndarray, context: float, smallest_side: int) -> Crop:
    """Return the square around a mask's box, with a margin of `context` x its longer side on each side.

    It is no smaller than `smallest_side`, as far as the photo allows, so that small objects are not
    blown up, and lies inside the photo where it fits.
    """
    height, width = mask.shape
    x0, y0, x1, y1 = bounding_box(mask)
    longer = max(x1 - x0, y1 - y0, 1)
    side = max(math.ceil(longer * (1 + 2 * context)), min(smallest_side, max(height, width)))
    return Crop(_place(x0, x1, side, width), _place(y0, y1, side, height), side)


def _place(low: int, high: int, side: int, length: int) -> int:
    start = (low + high - side) // 2
    if side <= length:
        return min(max(start, 0), length - side)
    return (length - side) // 2  # larger than the photo: reach beyond it equally on both sides


def cut_crop(pixels: np.ndarray, crop: Crop) -> np.ndarray:
    """Return a crop's pixels, (side, side) or (side, side, 3), mirrored where it reaches beyond the photo."""
    height, width = pixels.shape[:2]
    x0, y0 = max(crop.x0, 0), max(crop.y0, 0)
    x1, y1 = min(crop.x0 + crop.side, width), min(crop.y0 + crop.side, height)
    inside = pixels[y0:y1, x0:x1]
    borders = (y0 - crop.y0, crop.y0 + crop.side - y1, x0 - crop.x0, crop.x0 + crop.side - x1)
    if not any(borders):
        return np.ascontiguousarray(inside)
    return cv2.copyMakeBorder(np.ascontiguousarray(inside), *borders, cv2.BORDER_REFLECT_101)


def paste_crop(
    photo: np.ndarray, mask: np.ndarray, painted: np.ndarray, crop: Crop, feather_px: int
) -> np.ndarray:
    """Return the photo with a painted crop blended in where the mask is; every other pixel equals
    the photo's.
    """
    height, width = mask.shape
    x0, y0 = max(crop.x0, 0), max(crop.y0, 0)
    x1, y1 = min(crop.x0 + crop.side, width), min(crop.y0 + crop.side, height)
    window = (slice(y0, y1), slice(x0, x1))
    weight = feather(mask, feather_px)[window][..., None]
    inside = painted[y0 - crop.y0 : y1 - crop.y0, x0 - crop.x0 : x1 - crop.x0].astype(np.float32)
    result = photo.copy()
    blended = np.round(inside * weight + photo[window].astype(np.float32) * (1 - weight)).astype(np.uint8)
    result[window] = np.where(mask[window][..., None], blended, photo[window])
    return result


def pool_mask(mask: np.ndarray, size: int, scale: int) -> np.ndarray:
    """Return a mask at `size` pixels, set in whole blocks of `scale` pixels that it touches anywhere.

    Pipelines shrink the mask to the latents by taking every `scale`-th pixel, so a thin rim would vanish.
    """
    if mask.shape[0] != size:
        mask = (
            cv2.resize(
                mask.astype(np.float32), (size, size), interpolation=_interpolation(mask.shape[0], size)
            )
            > 0
        )
    blocks = mask.reshape(size // scale, scale, size // scale, scale).any(axis=(1, 3))
    return blocks.repeat(scale, axis=0).repeat(scale, axis=1)


def resize_area(pixels: np.ndarray, side: int) -> np.ndarray:
    """Resize square pixels: area means when shrinking, cubic when growing; untouched at the same size."""
    if pixels.shape[0] == side:
        return pixels
    return cv2.resize(pixels, (side, side), interpolation=_interpolation(pixels.shape[0], side))


def _interpolation(old: int, new: int) -> int:
    return cv2.INTER_AREA if new < old else cv2.INTER_CUBIC
