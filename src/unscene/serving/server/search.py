"""Search: a text, a photo or both against all photos, with terms that are taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .index import Photo, Snapshot
from .query import Forms

# How much of each excluded term is taken from a query, against a neutral text: photos that fit the
# term better than any photo does lose as much as photos that fit the query gain.
EXCLUSION_WEIGHT = 1.0
NEUTRAL = "a photo"
MARK_FIRST = 20
PERCENTILE_DIGITS = 6


@dataclass(frozen=True)
class Hit:
    """A photo that was found. score: a cosine. percentile: the share of all photos that score lower,
    in percent, rounded to PERCENTILE_DIGITS. shows: the excluded words that are on it, or None when
    nobody says what is on it.
    """

    photo: Photo
    score: float
    percentile: float
    shows: tuple[str, ...] | None


@dataclass(frozen=True)
class Found:
    """hits: a page of them. total: photos that pass. counted: of the first MARK_FIRST, how many show
    an excluded word; None without labels or excluded words.
    """

    hits: list[Hit]
    total: int
    counted: int | None


def combine(query: np.ndarray, terms: Sequence[np.ndarray], neutral: np.ndarray) -> np.ndarray:
    """Return the vector that is searched with, of length 1: the query less the excluded terms,

        v = normalise(q - w * sum_i (t_i - neutral)).

    query, terms, neutral: features of length 1.
    """
    vector = query - EXCLUSION_WEIGHT * sum((term - neutral for term in terms), np.zeros_like(query))
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-6 else query


def search(
    snapshot: Snapshot,
    tower: str,
    vector: np.ndarray,
    excluded: Sequence[str],
    page: tuple[int, int],
    floor: float,
    forms: Forms,
) -> Found:
    """Return a page of the photos by falling score, equal ones in the order of their names.

    excluded: words as labels name them, or other terms, which captions are asked for. page: first
    and number. floor: the lowest percentile that is shown. forms: how captions name the words.
    """
    first, number = page
    if not snapshot.photos:
        return Found([], 0, None)
    scores = snapshot.features[tower] @ vector
    count = len(scores)
    passing = _count_passing(scores, floor)
    wanted = min(max(first + number, MARK_FIRST), count)
    best = np.argpartition(-scores, wanted - 1)[:wanted] if wanted < count else np.arange(count)
    # The photos that tie with the last one are all in, so that pages neither repeat nor lose one.
    best = np.flatnonzero(scores >= scores[best].min())
    best = best[np.lexsort((best, -scores[best]))]
    # Photos with equal scores have equal percentiles.
    lower = count - np.searchsorted(-scores[best], -scores[best], side="right")
    percentiles = np.round(100 * lower / count, PERCENTILE_DIGITS)
    named = forms.with_terms(excluded) if excluded else forms
    marks = [find_shown(snapshot.photos[place], excluded, named) for place in best[:MARK_FIRST]]
    counted = None if not excluded or any(mark is None for mark in marks) else sum(map(bool, marks))
    shown = slice(first, min(first + number, passing))
    hits = [
        Hit(
            snapshot.photos[place],
            float(scores[place]),
            float(percentile),
            find_shown(snapshot.photos[place], excluded, named),
        )
        for place, percentile in zip(best[shown], percentiles[shown], strict=True)
    ]
    return Found(hits, passing, counted)


def _count_passing(scores: np.ndarray, floor: float) -> int:
    """Return how many photos have a percentile of `floor` or more; one that was shown, rounded, passes."""
    lower = int(np.ceil(len(scores) * (floor - 0.5 * 10**-PERCENTILE_DIGITS) / 100))
    if lower <= 0:
        return len(scores)
    return int((scores > np.partition(scores, lower - 1)[lower - 1]).sum())


def find_shown(photo: Photo, excluded: Sequence[str], forms: Forms) -> tuple[str, ...] | None:
    """Return which excluded words are on a photo, by its labels and captions; None when it has neither.
    A hot dog is no dog, and a caption that denies an object does not show it.
    """
    listed = photo.listed
    if listed.objects is None:
        return None
    asked = [word for word in excluded if word not in listed.objects]
    said = {word for caption in listed.captions for word in forms.find_asserted(caption)} if asked else set()
    return tuple(word for word in excluded if word in listed.objects or word in said)
