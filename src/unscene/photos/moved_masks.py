"""Moved masks: the shape of an object's mask at a place where there is no object, for sham edits."""

import cv2
import numpy as np

from unscene.photos.mask_shapes import bounding_box

# Places are searched on a grid of at most so many cells a side; a cell counts as taken when any of
# its pixels is.
MAX_CELLS = 512


def move_mask(mask: np.ndarray, taken: np.ndarray, seed: int) -> np.ndarray | None:
    """Return a mask's shape, shifted and perhaps mirrored, at a place where nothing is taken; None
    when there is no room.

    mask, taken: bool (height, width), the latter true where objects are seen. The shape stays whole
    inside the photo, so its area stays the same. Of all free places, with the shape as it is or
    mirrored left to right (never upside down: what looks like a hole left by an object stands
    upright), one is drawn evenly with `seed`.
    """
    if mask.shape != taken.shape:
        raise ValueError(f"the mask has shape {mask.shape}, what is taken {taken.shape}")
    if not mask.any():
        return None
    x0, y0, x1, y1 = bounding_box(mask)
    shape = mask[y0:y1, x0:x1]
    shapes = (shape, np.ascontiguousarray(shape[:, ::-1]))
    cell = -(-max(mask.shape) // MAX_CELLS)
    free = [find_free_places(each, taken, cell) for each in shapes]
    places = [(index, *place) for index, found in enumerate(free) for place in np.argwhere(found)]
    if not places:
        return None
    index, row, column = places[int(np.random.default_rng(seed).integers(len(places)))]
    moved = np.zeros_like(mask)
    top, left = int(row) * cell, int(column) * cell
    moved[top : top + shape.shape[0], left : left + shape.shape[1]] = shapes[index]
    return moved


def find_free_places(shape: np.ndarray, taken: np.ndarray, cell: int = 1) -> np.ndarray:
    """Return bool (rows, columns): whether the shape, put with its corner at (row x cell, column x
    cell), meets nothing taken.

    shape: bool (h, w), taken: bool (height, width), in pixels. With cells larger than a pixel some
    places are missed, but none is free in error.
    """
    rows, columns = (
        (taken.shape[0] - shape.shape[0]) // cell + 1,
        (taken.shape[1] - shape.shape[1]) // cell + 1,
    )
    if rows < 1 or columns < 1:
        return np.zeros((0, 0), dtype=bool)
    kernel, ground = _pool(shape, cell), _pool(taken, cell)
    # The cross-correlation counts the cells that shape and taken share at each place; anchored at the corner.
    shared = cv2.filter2D(
        ground.astype(np.float32),
        cv2.CV_32F,
        kernel.astype(np.float32),
        anchor=(0, 0),
        borderType=cv2.BORDER_CONSTANT,
    )
    return shared[:rows, :columns] < 0.5


def draw_boxes(boxes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return bool (height, width), true in every pixel that a box (x0, y0, x1, y1; pixels) touches."""
    drawn = np.zeros(shape, dtype=bool)
    for x0, y0, x1, y1 in np.asarray(boxes, dtype=float).reshape(-1, 4):
        top, left = max(0, int(np.floor(y0))), max(0, int(np.floor(x0)))
        drawn[top : max(0, int(np.ceil(y1))), left : max(0, int(np.ceil(x1)))] = True
    return drawn


def _pool(mask: np.ndarray, cell: int) -> np.ndarray:
    """Return the mask in cells, each true when any of its pixels is; the last ones are padded with false."""
    if cell == 1:
        return mask
    height, width = (-(-side // cell) for side in mask.shape)
    padded = np.zeros((height * cell, width * cell), dtype=bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return padded.reshape(height, cell, width, cell).any(axis=(1, 3))
