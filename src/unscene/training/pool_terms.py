"""Terms on a batch of the pool: from features and what is asked to a loss.

The losses themselves, on plain logits, are in `unscene.training.absence_losses`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unscene.training.absence_losses import (
    find_photo,
    follow_direction,
    keep_texts,
    prefer_true,
    rank_across,
)
from unscene.training.equal_texts import drop_cells, find_twins
from unscene.training.losses import info_nce

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from unscene.training.pool_texts import StepTexts

# To find one photo among all is a harder question than the two others, and asks little of the denial.
FOUND = 0.25


@dataclass(frozen=True)
class PoolView:
    """A batch of the pool as its terms see it, that of all processes together.

    photo (photos, dim), text (texts, dim): normalised features; texts by their numbers in `told`.
    base (photos, dim): the untuned model's features of the photos' captions; None where no term
    asks for them. shift, neutral: of the taught sentences (`PoolBatch`). temperature: scalar.
    """

    photo: "Tensor"
    text: "Tensor"
    base: "Tensor | None"
    told: "StepTexts"
    shift: "Tensor"
    neutral: "Tensor"
    temperature: "Tensor"

    def put(self, array: "np.ndarray") -> "Tensor":
        """Return an array as a tensor on the features' device."""
        import torch

        return torch.from_numpy(array).to(self.photo.device, non_blocking=True)

    def logits(self, numbers: "np.ndarray") -> "Tensor":
        """Return temperature x cosine of texts, by number, with all photos, (texts, photos)."""
        return self.temperature * self.text[self.put(numbers)] @ self.photo.T


def contrast_bare(view: PoolView) -> "Tensor":
    """Return rank_across of the sentences that say no more than what is there or not."""
    return _contrast(view, "bare")


def contrast_queries(view: PoolView) -> "Tensor":
    """Return rank_across of "X, but no o"."""
    return _contrast(view, "query")


def contrast_scenes(view: PoolView) -> "Tensor":
    """Return the sum of three: captions with a denial or an assertion across photos; the true one
    before the false one on the own photo; and FOUND times that the true one finds its photo. Photos
    with the same caption are no wrong ones to find.
    """
    scenes = view.told.scenes
    assert scenes is not None, "the term across_scene asks for scenes"
    z = view.logits(scenes.true)
    own = view.put(scenes.photo)
    alike = view.put(view.told.alike)
    twins = find_twins(alike, alike)[own]
    rows = view.put(scenes.false)
    false = view.temperature * (view.text[rows] * view.photo[own]).sum(dim=1)
    true = z.gather(1, own[:, None])[:, 0]
    found = FOUND * find_photo(drop_cells(z, twins), own)
    shown = view.put(scenes.shown)
    return _contrast(view, "scene") + prefer_true(true, false, shown) + found


def keep_captions(view: PoolView) -> "Tensor":
    """Return keep_texts of the photos' captions."""
    assert view.base is not None, "the term pool_keep asks for the untuned model"
    return keep_texts(view.text[view.put(view.told.captions)], view.base)


def match_captions(view: PoolView) -> "Tensor":
    """Return CLIP's own loss of the photos and their captions, equal captions left out."""
    captions = view.put(view.told.captions)
    z = view.logits(view.told.captions)[:, : len(captions)]
    return info_nce(z.T, find_twins(captions, captions))


def teach_nouns(view: PoolView) -> "Tensor":
    """Return follow_direction of nouns that no label covers."""
    import torch

    taught = view.told.taught
    assert taught is not None and view.base is not None, "the term text_teacher asks for both"
    if not len(taught.text):
        return view.text.sum() * 0  # every word has labels
    scene = torch.cat([view.base, view.neutral[None]])[view.put(taught.photo)]  # -1: the last row
    return follow_direction(view.text[view.put(taught.text)], scene, view.shift)


def _contrast(view: PoolView, kind: str) -> "Tensor":
    claims = view.told.claims[kind]
    return rank_across(view.logits(claims.text), view.put(claims.right), view.put(claims.wrong))
