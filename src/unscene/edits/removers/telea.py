"""The classical baseline: no weights, no device, no noise."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from unscene.edits.removers.base import Remover
from unscene.edits.removers.crop import Crop, cut_crop, paste_crop, place_crop

RADIUS_PX = 5


def fill_telea(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return RGB uint8 pixels with the mask (bool or 0/1) filled by OpenCV's Telea, at the one
    radius that this house calls so.
    """
    return cv2.inpaint(photo, mask.astype(np.uint8), RADIUS_PX, cv2.INPAINT_TELEA)


class TeleaRemover(Remover):
    """OpenCV's fast-marching inpainting (Telea 2004): the classical baseline. The same mask gives
    the same pixels.
    """

    name = "telea"

    def __init__(self, context: float, feather_px: int, workers: int = 1):
        self._context, self._feather_px, self._workers = context, feather_px, workers
        self.batch_size = workers

    def get_batch_shape(self, batch_size: int) -> str:
        return "1"

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> tuple[Crop, np.ndarray, np.ndarray]:
        crop = place_crop(mask, self._context, 0)
        return crop, cut_crop(photo, crop), cut_crop(mask.astype(np.uint8), crop)

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray]:
        with ThreadPoolExecutor(self._workers) as pool:  # OpenCV works outside the interpreter's lock
            return list(pool.map(lambda each: fill_telea(*each[1:]), prepared))

    def finish(self, photo, mask, prepared, painted) -> np.ndarray:
        return paste_crop(photo, mask, painted, prepared[0], self._feather_px)
