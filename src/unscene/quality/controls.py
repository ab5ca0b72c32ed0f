"""Controls: edits whose answer is known, made from a run's own photos and masks, to calibrate the
scores without labels.

The object of one photo is pasted into the background of another that does not have its class, at a
place where the detector saw nothing. That picture is the original, and the untouched background is
its perfect removal; each failure spoils it in one way. Sham edits (make_sham_edits), what the run's
own remover makes of plain background, stand beside the perfect ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from unscene.edits.removers.telea import TeleaRemover
from unscene.photos.mask_shapes import bounding_box, square_depth
from unscene.photos.moved_masks import draw_boxes, move_mask
from unscene.quality.edit_scores import Views
from unscene.quality.image_scores import get_mask_box

PERFECT = "perfect"
SHAM = "sham"
TONE = 20  # of 255: plainly visible at an edge
GHOST = 1 / 3  # of the object's contrast: plainly visible, and far from the object itself
PIECE = 8  # pixels of a side
FAILURES = {
    "untouched": "a real object, nothing removed",
    "half": "one half of the object, left or right, is left",
    "rim": "the mask was eroded: the rim of the object, half of its area, is left",
    "ghost": "the object shows through the true background, at a third of its strength",
    "pasted": "another object stands in the hole",
    "textured": "the hole is filled with small pieces of the photo in disorder",
    "blurred": "the true background under a Gaussian of 2 % of the long side",
    "toned": f"the true background, {TONE} of 255 lighter or darker",
    "neighbour": "another object of the photo, outside the mask, is painted over",
}
KINDS = (PERFECT, *FAILURES)
BAND = 0.1  # share of the height by which an object moves up or down: people do not stand in the sky
MAX_SCALE = 3.0  # photos further apart in size give objects of another grain than their ground


@dataclass
class Cutout:
    """An object cut out of its photo: pixels (h, w, 3) of the final mask's box, that mask and the
    object's own (h, w).

    `top` is where it begins in its photo, as a share of the height; `photo_size` that photo's
    number of pixels.
    """

    category: str
    top: float
    photo_size: int
    pixels: np.ndarray
    mask: np.ndarray
    object_mask: np.ndarray


@dataclass
class Placed:
    """A cutout on a ground: both pictures (height, width, 3), the final mask and the object's own, moved."""

    with_object: np.ndarray
    ground: np.ndarray
    mask: np.ndarray
    object_mask: np.ndarray


def cut_out(pixels: np.ndarray, mask: np.ndarray, object_mask: np.ndarray, category: str) -> Cutout:
    """Cut an object out along its final mask's box; the object counts inside that mask only."""
    x0, y0, x1, y1 = bounding_box(mask)
    window = slice(y0, y1), slice(x0, x1)
    return Cutout(
        category,
        y0 / mask.shape[0],
        mask.size,
        pixels[window].copy(),
        mask[window].copy(),
        (object_mask & mask)[window],
    )


def place(cutout: Cutout, ground: np.ndarray, seen_boxes: np.ndarray, seed: int) -> Placed | None:
    """Paste a cutout where nothing was seen on the ground, at about the height it had; None when
    there is no room.

    It is scaled so that its share of the ground is what it was of its photo. seen_boxes: (n, 4), x0
    y0 x1 y1 on the ground.
    """
    scale = (ground.shape[0] * ground.shape[1] / cutout.photo_size) ** 0.5
    if not 1 / MAX_SCALE <= scale <= MAX_SCALE:
        return None
    part = resize(cutout, scale)
    height, width = part.mask.shape
    if height > ground.shape[0] or width > ground.shape[1] or not part.object_mask.any():
        return None
    canvas: np.ndarray = np.zeros(ground.shape[:2], bool)
    canvas[:height, :width] = part.mask
    taken = draw_boxes(seen_boxes, canvas.shape)
    top, reach = round(cutout.top * canvas.shape[0]), round(BAND * canvas.shape[0])
    taken[: max(0, top - reach)] = taken[top + height + reach :] = True
    moved = move_mask(canvas, taken, seed)
    if moved is None:
        return None
    x0, y0, x1, y1 = bounding_box(moved)
    window = slice(y0, y1), slice(x0, x1)
    step = slice(None) if (moved[window] == part.mask).all() else slice(None, None, -1)
    object_mask = np.zeros_like(moved)
    object_mask[window] = part.object_mask[:, step]
    with_object = ground.copy()
    with_object[object_mask] = part.pixels[:, step][part.object_mask[:, step]]
    return Placed(with_object, ground, moved, object_mask)


def resize(cutout: Cutout, scale: float) -> Cutout:
    """Return a cutout at another scale, its masks tight again."""
    if abs(scale - 1) < 0.02:
        return cutout
    height, width = cutout.mask.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    masks = [
        cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        for mask in (cutout.mask, cutout.object_mask)
    ]
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pixels = cv2.resize(cutout.pixels, size, interpolation=shrinks)
    x0, y0, x1, y1 = bounding_box(masks[0])
    window = slice(y0, y1), slice(x0, x1)
    return replace(cutout, pixels=pixels[window], mask=masks[0][window], object_mask=masks[1][window])


def make_controls(
    placed: Placed, other: Cutout | None, neighbour: np.ndarray | None = None
) -> Iterator[tuple[str, Views]]:
    """Yield (kind, views) of the controls that a placed object gives: all but `untouched`.

    other: an object of another category for the hole; None leaves `pasted` out. neighbour: the mask
    (height, width) of an object that the ground has anyway; None leaves `neighbour` out.
    """
    box = get_mask_box(placed.object_mask)
    edits = {
        PERFECT: placed.ground,
        "half": leave_half(placed),
        "rim": leave_rim(placed),
        "ghost": leave_ghost(placed),
        "pasted": None if other is None else paste_other(placed, other),
        "textured": invent_texture(placed),
        "blurred": blur_hole(placed),
        "toned": shift_tone(placed),
        "neighbour": None if neighbour is None else paint_over(placed, neighbour),
    }
    for kind, edited in edits.items():
        if edited is not None:
            yield kind, Views(placed.with_object, edited, placed.mask, box)


def leave_half(placed: Placed) -> np.ndarray:
    """Return the ground with the left or the right half of the object left, whichever lies nearer
    to the frame.
    """
    columns = np.flatnonzero(placed.object_mask.any(axis=0))
    middle = int(np.median(np.nonzero(placed.object_mask)[1]))
    left = placed.object_mask.copy()
    left[:, middle:] = False
    nearer_left = columns[0] < placed.mask.shape[1] - 1 - columns[-1]
    kept = left if nearer_left and left.any() else placed.object_mask & ~left
    return np.where(kept[..., None], placed.with_object, placed.ground)


def leave_rim(placed: Placed) -> np.ndarray:
    """Return the ground with the rim of the object left: the half of its pixels that lie nearest to
    its edge.
    """
    padded = np.pad(placed.object_mask, 1)  # the frame is an edge, too
    depth = square_depth(padded)[1:-1, 1:-1]
    rim = placed.object_mask & (depth <= np.median(depth[placed.object_mask]))
    return np.where(rim[..., None], placed.with_object, placed.ground)


def leave_ghost(placed: Placed) -> np.ndarray:
    """Return the ground with the object on it as faint as removers leave it that half believe it."""
    mixed = cv2.addWeighted(placed.with_object, GHOST, placed.ground, 1 - GHOST, 0)
    return np.where(placed.mask[..., None], mixed, placed.ground)


def invent_texture(placed: Placed) -> np.ndarray:
    """Return the ground with its own pieces, PIECE pixels wide, in another order inside the hole:
    colours of the scene, and detail that it does not have there.
    """
    height, width = (side // PIECE * PIECE for side in placed.mask.shape)
    pieces = placed.ground[:height, :width].reshape(height // PIECE, PIECE, width // PIECE, PIECE, 3)
    pieces = pieces.swapaxes(1, 2).reshape(-1, PIECE, PIECE, 3)
    order = np.random.default_rng(len(pieces)).permutation(len(pieces))
    rows = pieces[order].reshape(height // PIECE, width // PIECE, PIECE, PIECE, 3).swapaxes(1, 2)
    texture = placed.ground.copy()
    texture[:height, :width] = rows.reshape(height, width, 3)
    return np.where(placed.mask[..., None], texture, placed.ground)


def paste_other(placed: Placed, other: Cutout) -> np.ndarray | None:
    """Return the ground with another object in the hole's largest part, scaled to its box; None
    when none of it fits.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(placed.mask.astype(np.uint8), connectivity=4)
    x0, y0, x1, y1 = bounding_box(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
    ox0, oy0, ox1, oy1 = bounding_box(other.object_mask)
    window = slice(oy0, oy1), slice(ox0, ox1)
    shape = other.object_mask[window]
    tight = replace(other, pixels=other.pixels[window], mask=shape, object_mask=shape)
    height, width = tight.mask.shape
    scaled = resize(tight, min((y1 - y0) / max(height, 1), (x1 - x0) / max(width, 1)))
    height, width = min(scaled.mask.shape[0], y1 - y0), min(scaled.mask.shape[1], x1 - x0)
    top, left = y0 + (y1 - y0 - height) // 2, x0 + (x1 - x0 - width) // 2
    inside = np.zeros_like(placed.mask)
    inside[top : top + height, left : left + width] = scaled.mask[:height, :width]
    edited = placed.ground.copy()
    spot = edited[top : top + height, left : left + width]
    shown = (inside & placed.mask)[top : top + height, left : left + width]
    spot[shown] = scaled.pixels[:height, :width][shown]
    return edited if shown.any() else None


def blur_hole(placed: Placed) -> np.ndarray:
    """Return the ground blurred inside the hole by a Gaussian of 2 % of the long side (2 pixels at least)."""
    sigma = max(2.0, 0.02 * max(placed.mask.shape))
    return np.where(placed.mask[..., None], cv2.GaussianBlur(placed.ground, (0, 0), sigma), placed.ground)


def shift_tone(placed: Placed) -> np.ndarray:
    """Return the ground made lighter inside the hole, or darker where it is light already."""
    shift = TONE if placed.ground[placed.mask].mean() < 128 else -TONE
    shifted = np.clip(placed.ground.astype(np.int16) + shift, 0, 255).astype(np.uint8)
    return np.where(placed.mask[..., None], shifted, placed.ground)


def paint_over(placed: Placed, neighbour: np.ndarray) -> np.ndarray | None:
    """Return the ground with what lies in the neighbour's mask filled by Telea; None when all of it
    lies in the hole.
    """
    outside = neighbour & ~placed.mask
    if not outside.any():
        return None
    return TeleaRemover(context=0.33, feather_px=0).fill([placed.ground], [outside], [0])[0]
