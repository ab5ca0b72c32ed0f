"""Areas under the ROC curve of untouched photos, and their intervals.

An area is the share of couples (a photo that should score high, one that should score low) in
which the first scores strictly above the second; ties are wrong. A photo's *placement* is its share
of such couples. Each estimate carries what every photo adds to it, so that an interval needs the
scores no more: `statistics.two_level_bootstrap` resamples these numbers with the photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A figure on photos. pull: what each photo adds to it, float (photos,), of mean 0.

    value + pull are the photos' values: their mean is the figure, and over resampled photos their
    mean is the figure of the sample, but for terms of second order (Hájek's projection of a
    U-statistic; of one area, DeLong, DeLong and Clarke-Pearson 1988).
    """

    value: float
    pull: np.ndarray

    @classmethod
    def of_means(
        cls, photos: int, parts: Sequence[tuple[np.ndarray, np.ndarray]], weight: float, value: float
    ) -> "Estimate":
        """Return the estimate of a value that is a sum of means, each with the same weight, and of
        what does not vary.

        photos: how many there are. parts: (positions of photos, their values), a mean each; a photo
        may stand there more than once.
        """
        pull = np.zeros(photos)
        for at, values in parts:
            np.add.at(pull, at, weight * photos / len(at) * (values - values.mean()))
        return cls(value, pull)


def average(estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the mean of estimates on the same photos (a macro mean); None of none."""
    if not estimates:
        return None
    return Estimate(
        float(np.mean([estimate.value for estimate in estimates])),
        np.mean([estimate.pull for estimate in estimates], axis=0),
    )


def place_photos(score: np.ndarray, high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Return the placements of photos, float (photos, texts): of a high one the share of low ones
    strictly below it, of a low one the share of high ones strictly above it; NaN of others.

    score (photos, texts). high, low: bool (photos,), never both. The mean over either side is the area.
    """
    placed = np.full(score.shape, np.nan)
    high_at, low_at = np.flatnonzero(high), np.flatnonzero(low)
    few_at, many_at, sign = (high_at, low_at, 1) if len(high_at) <= len(low_at) else (low_at, high_at, -1)
    few, many = sign * score[few_at], sign * score[many_at]
    order = np.argsort(few, axis=0)
    for text in range(score.shape[1]):
        ranked = few[order[:, text], text]
        # Of the few, so many are at or below each of the many: the others are strictly above it.
        below = np.searchsorted(ranked, many[:, text], side="right")
        placed[many_at, text] = (len(few_at) - below) / len(few_at)
        counts = np.bincount(below, minlength=len(few_at) + 1)
        placed[few_at[order[:, text]], text] = np.cumsum(counts)[:-1] / len(many_at)
    return placed


def estimate_area(placed: np.ndarray, high: np.ndarray, low: np.ndarray) -> Estimate:
    """Return the area of placements (photos,), which may be means over several texts."""
    sides = [(at, placed[at]) for at in (np.flatnonzero(high), np.flatnonzero(low))]
    return Estimate.of_means(len(placed), sides, 1.0, float(sides[0][1].mean()))
