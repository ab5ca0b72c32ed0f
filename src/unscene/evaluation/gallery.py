"""Untouched photos that a model is asked about: what is known of each, and its captions.

An object is on a photo, or it is not, or nobody knows: what a source without instances does not
name in a caption may be there all the same. What is not known counts nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from unscene.words.vocabulary import Vocabulary

MIN_CLASS_PHOTOS = 5  # with the object, and as many without


@dataclass(frozen=True)
class Gallery:
    """The photos that texts are searched among.

    ids: of the photos. categories: words. has, lacks: bool (photos, categories), known to be there,
    known not to be there; a cell that is neither is not known. captions: those of each photo; empty
    lists where there are none. group: what is resampled together; None: each photo by itself.
    """

    ids: Sequence[str]
    categories: Sequence[str]
    has: np.ndarray
    lacks: np.ndarray
    captions: Sequence[Sequence[str]]
    group: np.ndarray | None = field(default=None)

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of_table(cls, photo: pd.DataFrame, vocabulary: Vocabulary) -> "Gallery":
        """Return the photos of a table `image_id group captions objects unknown`."""
        has, unknown = (
            np.array([[word in set(own) for word in vocabulary] for own in photo[column]], bool).reshape(
                len(photo), len(vocabulary)
            )
            for column in ("objects", "unknown")
        )
        captions = [[str(caption) for caption in own] for own in photo["captions"]]
        return cls(
            photo["image_id"].tolist(),
            vocabulary.words,
            has,
            ~has & ~unknown,
            captions,
            photo["group"].to_numpy(),
        )

    def list_classes(self) -> list[int]:
        """Return the columns of the categories with enough photos on both sides."""
        enough = np.minimum(self.has.sum(axis=0), self.lacks.sum(axis=0)) >= MIN_CLASS_PHOTOS
        return np.flatnonzero(enough).tolist()


def measure_plausibility(gallery: Gallery) -> np.ndarray:
    """Return how much each photo leads one to expect each object, float (photos, categories) in 0..1.

    The share of photos with x that have o, averaged over the objects x that the photo shows, o
    itself left out; 0 on a photo that shows nothing else. Counted on these photos, where o is known.
    """
    has = gallery.has.astype(float)
    known = (gallery.has | gallery.lacks).astype(float)
    of_both, of_known = has.T @ has, has.T @ known
    share = np.divide(of_both, of_known, out=np.zeros_like(of_both), where=of_known > 0)
    np.fill_diagonal(share, 0)
    shown = has.sum(axis=1, keepdims=True) - has
    return np.divide(has @ share, shown, out=np.zeros_like(has), where=shown > 0)


def divide_by_frequency(counts: Sequence[int]) -> np.ndarray:
    """Return the third that each category is in by its number of photos: 0 rare, 1 middle, 2 frequent."""
    third = np.empty(len(counts), np.int64)
    for number, part in enumerate(np.array_split(np.argsort(np.asarray(counts), kind="stable"), 3)):
        third[part] = number
    return third
