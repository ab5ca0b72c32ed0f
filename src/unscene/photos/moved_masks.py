"""Moved masks: the shape of an object's mask at a place where there is no object, for sham edits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from unscene.photos.mask_shapes import bounding_box

# Places are searched on a grid of at most so many cells a side; a cell counts as taken when any of
# its pixels is.
MAX_CELLS = 512


@dataclass(frozen=True)
class Places:
    """Where a shape may be put: with its corner at (row x cell, column x cell), as it is or mirrored
    left to right (never upside down: what looks like a hole left by an object stands upright).

    size: (height, width) of the photo. shapes: bool (h, w), as it is and mirrored. free: of either
    shape bool (rows, columns).
    """

    size: tuple[int, int]
    shapes: tuple[np.ndarray, np.ndarray]
    free: tuple[np.ndarray, np.ndarray]
    cell: int

    @classmethod
    def of(cls, mask: np.ndarray, taken: np.ndarray) -> "Places":
        """Return the places of a mask's shape at which it stays whole inside the photo and meets
        nothing taken; both bool (height, width). Raises ValueError when they differ in shape.
        """
        if mask.shape != taken.shape:
            raise ValueError(f"the mask has shape {mask.shape}, what is taken {taken.shape}")
        if not mask.any():
            nothing = np.zeros((0, 0), bool)
            return cls(mask.shape, (nothing, nothing), (nothing, nothing), 1)
        x0, y0, x1, y1 = bounding_box(mask)
        shape = mask[y0:y1, x0:x1]
        shapes = (shape, np.ascontiguousarray(shape[:, ::-1]))
        cell = -(-max(mask.shape) // MAX_CELLS)
        free = [find_free_places(each, taken, cell) for each in shapes]
        return cls(mask.shape, shapes, (free[0], free[1]), cell)

    def keep(self, wanted: Sequence[np.ndarray]) -> "Places":
        """Return those places that are `wanted`, too: of either shape bool (rows, columns)."""
        return replace(self, free=(self.free[0] & wanted[0], self.free[1] & wanted[1]))

    def sum_under(self, values: np.ndarray) -> list[np.ndarray]:
        """Return for either shape the sum, over the cells of the shape, of the mean value of each
        cell: (rows, columns). values: (height, width).
        """
        sums = []
        for shape, free in zip(self.shapes, self.free, strict=True):
            if not free.size:
                sums.append(np.zeros(free.shape, np.float32))
                continue
            under = _correlate(_pool(shape, self.cell), _average(values, self.cell))
            sums.append(under[: free.shape[0], : free.shape[1]])
        return sums

    def count_cells(self) -> int:
        """Return how many cells the shape covers."""
        return int(_pool(self.shapes[0], self.cell).sum())

    def draw(self, seed: int) -> np.ndarray | None:
        """Return the mask at one of the places, drawn evenly; None when there is none."""
        places = [(index, *place) for index, found in enumerate(self.free) for place in np.argwhere(found)]
        if not places:
            return None
        index, row, column = places[int(np.random.default_rng(seed).integers(len(places)))]
        shape, moved = self.shapes[index], np.zeros(self.size, bool)
        top, left = int(row) * self.cell, int(column) * self.cell
        moved[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
        return moved


def move_mask(mask: np.ndarray, taken: np.ndarray, seed: int) -> np.ndarray | None:
    """Return a mask's shape, shifted and perhaps mirrored, at a place where nothing is taken; None
    when there is no room.

    mask, taken: bool (height, width), the latter true where objects are seen. Its area stays the
    same. Of all free places one is drawn evenly with `seed`.
    """
    return Places.of(mask, taken).draw(seed)


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
    # The cross-correlation counts the cells that shape and taken share at each place.
    return _correlate(kernel, ground)[:rows, :columns] < 0.5


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


def _average(values: np.ndarray, cell: int) -> np.ndarray:
    """Return the mean of each cell, float32; the last cells are padded with the border's values."""
    if cell == 1:
        return values.astype(np.float32)
    height, width = (-(-side // cell) * cell for side in values.shape)
    padded = np.pad(
        values.astype(np.float32), ((0, height - values.shape[0]), (0, width - values.shape[1])), "edge"
    )
    return padded.reshape(height // cell, cell, width // cell, cell).mean(axis=(1, 3))


def _correlate(kernel: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Return the cross-correlation of two maps of cells, anchored at the kernel's corner."""
    return cv2.filter2D(
        ground.astype(np.float32),
        cv2.CV_32F,
        kernel.astype(np.float32),
        anchor=(0, 0),
        borderType=cv2.BORDER_CONSTANT,
    )
