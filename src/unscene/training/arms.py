"""What an arm shows: which photo and which caption fill each place of a batch.

A batch has two halves of equally many places. Pair i's original I (or, in some arms, its sham)
stands in the first, its edit J or what the arm puts in its place in the second. Each place is
filled by the step's draws, which are the same in all arms.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unscene.captions.caption_edits import write_from_template
from unscene.rewriting.denying import negate
from unscene.rewriting.negation import Seen
from unscene.run.configuration import shows_sham
from unscene.run.seeds import derive_seed
from unscene.training.pairs import CAPTIONS
from unscene.words.phrasings import find_phrasing
from unscene.words.vocabulary import Vocabulary

# Columns of a table of captions: a names the object, b does not, n denies it; t is a with a true
# negation of another object.
A, B, N, T = range(4)
JPEG_QUALITY = 40, 95


@dataclass(frozen=True)
class PhotoPlaces:
    """Where the photos of each pair stand, int64 (pairs,) each; sham: None where the arm needs none."""

    original: np.ndarray
    edited: np.ndarray
    sham: np.ndarray | None = None


@dataclass(frozen=True)
class Draws:
    """What one step draws, in every arm alike; each (pairs,): vague, denied and sham in 0..1, and
    the views of both halves. quality: of the JPEG that each photo passes in an arm with `jpeg`,
    int64 (2, pairs).
    """

    views: tuple[np.ndarray, ...]
    vague: np.ndarray
    denied: np.ndarray
    sham: np.ndarray
    quality: np.ndarray

    def share(self, own: slice) -> "Draws":
        """Return the draws of some of the pairs."""
        views = tuple(view.reshape(2, -1)[:, own] for view in self.views)
        return Draws(views, self.vague[own], self.denied[own], self.sham[own], self.quality[:, own])


def draw_step(seeds: tuple, step: int, pairs: int, crop_scale: float, arm: dict) -> Draws:
    """Draw a step from its seeds alone, in every arm the same numbers.

    The photos of a pair that share the batch get the same view and the same JPEG; an arm with
    `views: whole` shows every photo as it is.
    """
    rng = np.random.default_rng(derive_seed(*seeds, "step", step))
    together = arm["batches"] != "random"
    views = draw_views(rng, pairs, crop_scale, together)
    if arm.get("views") == "whole":
        views = np.ones(2 * pairs), np.zeros(2 * pairs), np.zeros(2 * pairs), np.zeros(2 * pairs, bool)
    vague, denied, sham = rng.random((3, pairs))
    quality = rng.integers(*JPEG_QUALITY, size=(2, pairs), endpoint=True)
    if together:
        quality[1] = quality[0]
    return Draws(views, vague, denied, sham, quality)


def draw_views(rng: np.random.Generator, pairs: int, crop_scale: float, together: bool) -> tuple:
    """Draw a square crop (share of the side, centre in -1..1 coordinates) and a flip for each photo
    of a batch.

    A pair's two photos get the same view when they share the batch: a view must not tell them
    apart. The draws are the same in either case. Returns (side, x, y, flip), each (2 pairs,).
    """
    draws = rng.random((4, 2 * pairs))
    if together:
        draws[:, pairs:] = draws[:, :pairs]
    side = np.sqrt(crop_scale + (1 - crop_scale) * draws[0])
    room = 1 - side
    return side, room * (2 * draws[1] - 1), room * (2 * draws[2] - 1), draws[3] < 0.5


def choose_photos(
    arm: dict, first: np.ndarray, second: np.ndarray, at: PhotoPlaces, draws: Draws
) -> np.ndarray:
    """Return the positions of the photos of a batch, int64 (2, pairs).

    first, second: the pairs of the two halves. at: where all pairs' photos stand. `originals` shows
    originals in both; `both` and `swapped` the edit in the second, `sham` the sham edit;
    `sham_positives` replaces half of the originals by their shams, in which the object still is.
    """
    shown, behind = at.original[first], at.edited[second]
    if arm["images"] == "originals":
        behind = at.original[second]
    elif shows_sham(arm):
        assert at.sham is not None, "an arm that shows sham edits is given their places"
        if arm["images"] == "sham":
            behind = at.sham[second]
        else:
            shown = np.where(draws.sham < 0.5, at.sham[first], shown)
    return np.stack([shown, behind])


def choose_texts(
    arm: dict, text_id: np.ndarray, first: np.ndarray, second: np.ndarray, draws: Draws, true_negations: float
) -> dict[str, np.ndarray]:
    """Return the captions of every role as numbers of texts, each (pairs,).

    text_id: (all pairs, 4). In arms with negated texts an original's caption gets a true negation
    ("a dog on a beach, no cat") with the given probability, and an edit is told as often by n as by
    b. Where both halves show originals, the second one always has a true negation. `plain` is
    always a.
    """
    negated, originals = arm["texts"] == "negated", arm["images"] == "originals"
    denied = negated & (draws.denied < true_negations)
    told = np.where(denied, text_id[first, T], text_id[first, A])
    if originals:
        own_second = text_id[second, T if negated else A]
    else:
        own_second = np.where(negated & (draws.vague >= 0.5), text_id[second, N], text_id[second, B])
    return {
        "own_first": told,
        "own_second": own_second,
        "hard_first": text_id[first, N],
        "hard_second": text_id[second, N if originals else A],
        "a": told,
        "b": text_id[first, B],
        "n": text_id[first, N],
        "plain": text_id[first, A],
    }


def list_true_negations(
    pair: pd.DataFrame, seed: int, vocabulary: Vocabulary, known: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """Return for each pair a_i with the true statement that something else is not there, in the
    words of its own negated caption.

    The denied category is one of the other pairs', drawn by seed and edit_id among those that no
    caption or edit of the photo's group names, and that are not among the photo's `known` objects
    (image_id -> words; a test has them, a training has not). Else it may be in the picture all the
    same, unmentioned: rare among many categories, and unknowable without a detector. Without such a
    category, or where the negated caption uses none of the known phrasings, the caption stays or "no"
    is used.
    """
    categories = sorted(set(pair["category"]))
    named: dict[str, set] = {}
    for row in pair[["group", "category", CAPTIONS[0]]].itertuples(index=False):
        named.setdefault(row[0], set()).update([row[1], *vocabulary.find_words(row[2])])
    shown = [set(known.get(image_id, ())) for image_id in pair["image_id"]] if known else [set()] * len(pair)
    negations = []
    columns = ["edit_id", "group", *CAPTIONS]
    for row, objects in zip(pair[columns].itertuples(index=False), shown, strict=True):
        free = [category for category in categories if category not in named[row.group] | objects]
        if not free:
            negations.append(row.caption_original)
            continue
        category = free[derive_seed(seed, row.edit_id, "true negation") % len(free)]
        phrasing = find_phrasing(row.caption_negated) or "comma_no"
        negations.append(negate(row.caption_original, category, phrasing, vocabulary))
    return negations


def rewrite_captions(
    pair: pd.DataFrame, held_out_share: float, seed: int, vocabulary: Vocabulary
) -> pd.DataFrame:
    """Return the pairs with the captions that the offline grammar writes for their edits, in place
    of those they have: what these name of the other words stays, the others went with the object.
    """
    told = []
    for edit, category, original, without, _ in pair[["edit_id", "category", *CAPTIONS]].itertuples(
        index=False
    ):
        stays = frozenset(vocabulary.find_words(without))
        seen = Seen(frozenset(vocabulary.find_words(original)) - stays - {category}, stays)
        told.append(write_from_template(edit, category, original, held_out_share, seed, vocabulary, seen))
    return pair.assign(**dict(zip(CAPTIONS[1:], zip(*told, strict=True), strict=True)))


def take_fraction(pair: pd.DataFrame, fraction: float, seed: int) -> pd.DataFrame:
    """Return the pairs of a share of the photo groups, chosen by the seed; a smaller share is part
    of a larger one.
    """
    if fraction >= 1:
        return pair
    ranked = sorted(pair["group"].unique(), key=lambda group: derive_seed(seed, "fraction", group))
    kept = set(ranked[: max(1, round(fraction * len(ranked)))])
    return pair[pair["group"].isin(kept)].reset_index(drop=True)


def swap_edits(pair: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the pairs with the edit, b and n of another pair of the same category, so that both
    photos of a pair are unrelated.

    Each edit is used once. The only pair of a category keeps its own. Within a category the groups,
    ordered by lot, hand theirs to one further on where there is one.
    """
    moved = [column for column in pair.columns if column.startswith("edited_") or column in (*CAPTIONS[1:],)]
    swapped = pair.copy()
    for _, rows in pair.groupby("category", sort=True):
        # Pairs of one group lie side by side; a turn by the largest group's count parts them all
        # where that is possible.
        order = sorted(
            rows.index, key=lambda row: (derive_seed(seed, "swap", pair["group"][row]), pair["edit_id"][row])
        )
        turn = int(pair.loc[order, "group"].value_counts().max()) % len(order)
        swapped.loc[order, moved] = pair.loc[order[turn:] + order[:turn], moved].to_numpy()
    return swapped
