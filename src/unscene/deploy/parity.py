"""Whether a form of a model gives the embeddings of the model that was evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unscene.clip.models import embed_photos, embed_texts, resize_photo
from unscene.deploy.forms import Client, Form
from unscene.deploy.models import Model

MAX_DIFFERENCE = 1e-4
# Texts as people paste them: what cleans and splits them must do as open_clip does.
HARD_TEXTS = (
    "It’s a “dog”, isn’t it?",
    "A  DOG\n\ton the BEACH ",
    "Tom &amp; Jerry &lt;3 &quot;x&quot;",
    "ﬁve ofﬁces",
    "ＤＯＧ，２ 只狗。没有狗的海滩",
    "😀 café cafe\u0301 no dog!!!",
    "I'll we've they'd 12345 a1b2",
    "dog " * 120,
    "",
)


@dataclass(frozen=True)
class Sample:
    """What forms are compared on. squares: the middle squares of the photos, which every library
    prepares alike; a photo of another shape is cropped in more than one way.
    """

    photos: list
    squares: list
    texts: list[str]

    @classmethod
    def of(cls, photos: Sequence, texts: Sequence[str]) -> "Sample":
        """Return PIL photos and texts of the run, with texts that are hard to split."""
        return cls(list(photos), [_cut_square(photo) for photo in photos], [*texts, *HARD_TEXTS])


@dataclass(frozen=True)
class Features:
    """Normalised features of a sample."""

    photos: np.ndarray
    squares: np.ndarray
    texts: np.ndarray


def embed_as_evaluated(model: Model, sample: Sample, batch_size: int) -> Features:
    """Return the features that the workflow's own code gives: those that were scored."""

    def embed(photos: Sequence) -> np.ndarray:
        pixels = np.stack([resize_photo(model.preprocess, photo) for photo in photos])
        return embed_photos(model.network, model.preprocess, pixels, batch_size)

    texts = embed_texts(model.network, model.tokenizer, sample.texts, batch_size)
    return Features(embed(sample.photos), embed(sample.squares), texts)


def compare_form(form: Form, client: Client, sample: Sample, expected: Features) -> dict[str, Any]:
    """Return how far a form's embeddings are from the expected ones, and in how many texts it ranks
    the photos in the same order.

    Raises RuntimeError above MAX_DIFFERENCE. Photos that are not square count where the form's
    library prepares them as the evaluation does.
    """
    found = Features(
        *(client.embed_photos(photos) for photos in (sample.photos, sample.squares)),
        client.embed_texts(sample.texts),
    )
    strict = "squares" if form.crops_otherwise else "photos"
    photos, texts = _differ(found, expected, strict), _differ(found, expected, "texts")
    if not max(photos, texts) <= MAX_DIFFERENCE:  # NaN fails, too
        raise RuntimeError(
            f"deploy.forms: {form.name} embeds photos {photos:.2g} and texts {texts:.2g} away from the"
            f" evaluated model; at most {MAX_DIFFERENCE} is allowed"
        )
    told: dict[str, Any] = {"max_difference_photos": photos, "max_difference_texts": texts}
    told |= _rank(found, expected, strict)
    if form.crops_otherwise:
        whole = {"max_difference_photos": _differ(found, expected, "photos")}
        told["photos_as_they_are"] = {
            **whole,
            **_rank(found, expected, "photos"),
            "why": form.crops_otherwise,
        }
    return told


def _differ(found: Features, expected: Features, what: str) -> float:
    return float(np.abs(getattr(found, what) - getattr(expected, what)).max())


def _rank(found: Features, expected: Features, what: str) -> dict[str, Any]:
    """Count the texts by which the photos come in the same order, and tell by how much the widest
    apart of swapped neighbours differ in the evaluated model.
    """
    ours, theirs = (one.texts @ getattr(one, what).T for one in (expected, found))
    order = np.argsort(-ours, axis=1, kind="stable")
    ours, theirs = (np.take_along_axis(scores, order, axis=1) for scores in (ours, theirs))
    swapped = np.diff(theirs, axis=1) > 0
    gap = np.where(swapped, -np.diff(ours, axis=1), 0)
    return {"texts_in_equal_order": int((~swapped.any(axis=1)).sum()), "widest_swap": float(gap.max())}


def _cut_square(photo: Any) -> Any:
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.crop((left, top, left + side, top + side))
