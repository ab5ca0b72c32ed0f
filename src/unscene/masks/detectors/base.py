"""What all detectors share."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from unscene.machine.batching import cut_batches

MAX_DETECTIONS = 300


@dataclass(frozen=True)
class Detections:
    """What a detector found on one photo, most confident first.

    `boxes` float32 (n, 4): x0, y0, x1, y1 in pixels of the photo; `confidences` float32 (n,);
    `categories` list of n names; `masks` bool (n, height, width) at the photo's size, or None when
    none were asked for. `seen_boxes` float32 (m, 4), `seen_confidences` float32 (m,) and
    `seen_categories`: everything that was found, also of categories that were not asked for.
    """

    boxes: np.ndarray
    confidences: np.ndarray
    categories: list[str]
    masks: np.ndarray | None
    seen_boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    seen_confidences: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    seen_categories: list[str] = field(default_factory=list)


def cut_requests(
    photos: Sequence[np.ndarray], only: Sequence[Collection[str]] | None, batch_size: int
) -> Iterator[tuple[list[np.ndarray], list[Collection[str] | None]]]:
    """Yield a batch of photos and the categories wanted of each, None for all; the last batch may
    be shorter.
    """
    wanted = [None] * len(photos) if only is None else only
    return zip(cut_batches(photos, batch_size), cut_batches(wanted, batch_size), strict=True)
