"""The scores of an edit as one suite: edits of a run and controls go through the same functions.

Each `ask_` function adds its scores to the `values` of a batch of (row, views, values), as the entries of
`unscene.quality.scores` say. Those tell what each score means, too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unscene.machine.job import Job
from unscene.photos.coco_instances import InstancesError, PhotoInstances
from unscene.quality.image_scores import crop_padded_square, find_lost, judge_removal
from unscene.quality.makers import MAKERS
from unscene.quality.scores import EXPLAINED, MEASURES, PIXEL_SCORES, SCORES
from unscene.run.checkout import resolve_path

# The judge reports faint boxes as well: below every threshold, they tell that something stood there before.
JUDGE_CONFIDENCE = 0.1
# What the judge cannot say of a word that it does not know.
OF_CLASS = ("residual", "residual_frame", "original_confidence")
GONE = ("lost", "listed_taken")  # words of what went along with the object
OF_LISTING = ("listed_left", "listed_share")
LEAST_COVERED = 0.5  # of an object's pixels: below it, the object is still there
CLIP_PROMPT = "a photo of a {category}"  # the plain template of Radford et al. 2021
EMPTY_PROMPTS = ("a photo of a background", "a photo of an empty place")


@dataclass
class Views:
    """An edit as pixels: original and edited (height, width, 3), the mask really used, the object's
    box, and the object's own mask where it is known.
    """

    original: np.ndarray
    edited: np.ndarray
    mask: np.ndarray
    box: tuple[float, float, float, float]
    object_mask: np.ndarray | None = None


class Judge:
    """The judging detector, with the least confidence at which it reports. detector: has
    `detect(photos, confidence)` and `categories`, the words that it knows.
    """

    def __init__(self, detector, confidence: float, batch_size: int):
        self._detector, self._confidence = detector, confidence
        self.categories = frozenset(detector.categories)
        self.batch_size = batch_size

    @property
    def batch_size(self) -> int:
        """Photos that are looked at together."""
        return self._batch_size

    @batch_size.setter
    def batch_size(self, size: int) -> None:
        self._batch_size = self._detector.batch_size = size

    def detect(self, photos: list[np.ndarray]) -> list:
        """Return what the detector finds on each photo, a batch at a time."""
        found = []
        for start in range(0, len(photos), self.batch_size):
            found += self._detector.detect(photos[start : start + self.batch_size], self._confidence)
        return found


def measure_pixels(views: Views) -> dict:
    """Return the scores of an edit that need no model; the file itself is sound by then."""
    values = {"status": "ok", "reason": None, "sane": 1.0}
    for name in PIXEL_SCORES:
        values[name] = MEASURES[name](views.original, views.edited, views.mask)
        _explain_null(values, name)
    return values


def load_models(job: Job) -> dict[str, Any]:
    """Return the models of the scores by their maker's name; None where the config names none. Without
    any model the job leases no device and imports no torch.
    """
    return {
        maker.name: None if job.find(maker.needs) is None else maker.load(job)
        for maker in MAKERS.values()
        if maker.load
    }


def ask_models(usable: list[tuple], models: dict[str, Any]) -> None:
    """Add every model's scores to the values of a batch; those of an absent model stay null and say why."""
    for maker in MAKERS.values():
        names = [score.name for score in SCORES.values() if score.maker == maker.name]
        if maker.measure is None or not usable:
            continue
        model = models.get(maker.name)
        if model is not None:
            maker.measure(usable, model)
        for _, _, values in usable:
            for name in names:
                if model is None:
                    values[f"{name}_reason"] = maker.absent
                else:
                    _explain_null(values, name)


def _explain_null(values: dict, name: str) -> None:
    if SCORES[name].null and np.isnan(values[name]):
        values.setdefault(f"{name}_reason", SCORES[name].null)


def ask_judge(usable: list[tuple], judge: Judge) -> None:
    """Add the judge's scores (Q4 to Q6) to the values of a batch; each original is looked at once.

    The row's `original_id`, or else its `image_id`, says which originals are the same.
    """
    names = [row.get("original_id", row["image_id"]) for row, _, _ in usable]
    originals = {name: views.original for name, (_, views, _) in zip(names, usable, strict=True)}
    found = judge.detect([*originals.values(), *(views.edited for _, views, _ in usable)])
    before = dict(zip(originals, found, strict=False))
    for name, (row, views, values), after in zip(names, usable, found[len(originals) :], strict=True):
        values.update(judge_removal(before[name], after, row["category"], views.mask))
        values["lost"] = find_lost(before[name], after, row["category"], views.mask)
        if row["category"] not in judge.categories:
            _void(values, OF_CLASS, f"the judge does not know the word {row['category']!r}")
        elif np.isnan(values["residual"]):
            values["residual_reason"] = "the judge never saw the object"


def _void(values: dict, names: Iterable[str], reason: str) -> None:
    for name in names:
        values[name], values[f"{name}_reason"] = float("nan"), reason


def measure_listing(photo: PhotoInstances | None, state: str, views: Views, category: str) -> dict:
    """Return what the photo's source says of a removal: which of its objects of the class are left,
    and whether the mask is one of them at all. Null, with the reason, where it says nothing, or where
    nobody can tell whether an object is left, since no pixel of the photo is its.

    photo, state: of `find_photo_instances`. Crowds and boxes without a segmentation count as left,
    and on neither side of `listed_share`: nobody told which of their pixels are the object.
    """
    values: dict = {}
    if photo is None:
        _void(values, OF_LISTING, f"{SCORES['listed_left'].null} ({state})")
        return values
    try:
        regions = photo.list_regions(category)
        unclear = photo.draw_crowds(category) | photo.draw_boxes(category)
        true = photo.draw_objects(category)
        words = [word for word in {**photo.segmentations, **photo.boxes} if word != category]
        taken = [word for word in words if _is_taken(photo, word, views)]
    except InstancesError as error:
        _void(values, OF_LISTING, f"the source's instances are broken: {error}")
        return values
    listed = [each for each in regions if each.any()]
    left = sum(float(views.mask[each].mean()) < LEAST_COVERED for each in listed)
    is_unplaced = len(listed) < len(regions) or (category in photo.objects and not regions)
    if is_unplaced and not left:
        _void(values, OF_LISTING, f"the source's {category} has no pixel in the photo")
        return values | {"listed_taken": taken}
    counted = (views.mask if views.object_mask is None else views.object_mask) & ~(unclear & ~true)
    return {
        "listed_taken": taken,
        "listed_left": float(left),
        "listed_share": float(true[counted].mean()) if counted.any() else float("nan"),
    }


def _is_taken(photo: PhotoInstances, word: str, views: Views) -> bool:
    """Whether the mask covers half or more of each of the source's objects of a word, crowds too."""
    listed = [each for each in photo.list_regions(word) if each.any()]
    return bool(listed) and all(views.mask[each].mean() >= LEAST_COVERED for each in listed)


def ask_clip(usable: list[tuple], clip: Callable) -> None:
    """Add what CLIP says of the object's box (Q7) to the values of a batch.

    clip_drop: fall of the logit of the object's name. clip_present: after the edit, the softmax
    probability of the object's name against the names of an empty place.
    """
    categories = [row["category"] for row, _, _ in usable]
    before = clip([crop_padded_square(views.original, views.box) for _, views, _ in usable], categories)
    after = clip([crop_padded_square(views.edited, views.box) for _, views, _ in usable], categories)
    shifted = np.exp(after - after.max(axis=1, keepdims=True))
    present = shifted[:, 0] / shifted.sum(axis=1)
    for (_, _, values), drop, share in zip(usable, before[:, 0] - after[:, 0], present, strict=True):
        values["clip_drop"], values["clip_present"] = float(drop), float(share)


def ask_dino(usable: list[tuple], dino) -> None:
    """Add RC-S-lite (Q8) to the values of a batch; `dino` is a RegionScorer."""
    scores = dino.score([views.edited for _, views, _ in usable], [views.mask for _, views, _ in usable])
    for (_, _, values), score in zip(usable, scores, strict=True):
        values["rc_s"] = float(score)


def load_judge(
    path: str | Path | None, settings: dict, device: str, runtime: dict, sha256: str | None = None
) -> Judge | None:
    """Return the judge, or None when the config names none. settings: the block `quality`; sha256:
    quality.judge_sha256.
    """
    if path is None:
        return None
    from unscene.machine.devices import Setup
    from unscene.masks.detectors import load_detector

    detector = load_detector(
        resolve_path(path),
        settings["judge_image_size"],
        Setup.of(device, runtime),
        sha256,
        "quality.judge",
    )
    return Judge(detector, JUDGE_CONFIDENCE, runtime["batch_size"])


def load_dino(path: str | Path | None, device: str, batch_size: int):
    """Return the scorer of RC-S-lite, or None when the config names no DINOv2 folder."""
    if path is None:
        return None
    from unscene.quality.rcs import RegionScorer

    return RegionScorer(resolve_path(path), device, batch_size)


class ClipScorer:
    """CLIP on the crops of objects. The columns of what it returns are "a photo of a {category}"
    and the two names of an empty place.
    """

    def __init__(self, path: str | Path, device: str, batch_size: int, is_compiled: bool = False):
        from unscene.clip.models import load_clip

        self._model, self._preprocess, self._tokenizer = load_clip(resolve_path(path), device=device)
        if is_compiled:
            self._model.visual.compile()
        self._scale = float(self._model.logit_scale.detach().exp())
        self._texts: dict[str, np.ndarray] = {}
        self.batch_size = batch_size

    def __call__(self, crops: list[np.ndarray], categories: list[str]) -> np.ndarray:
        """Return logits, (n, 3), of crops and their categories."""
        from PIL import Image

        from unscene.clip.models import embed_photos, embed_texts, resize_photo

        for category in categories:
            if category not in self._texts:
                prompts = [CLIP_PROMPT.format(category=category), *EMPTY_PROMPTS]
                self._texts[category] = embed_texts(self._model, self._tokenizer, prompts)
        photos = np.stack([resize_photo(self._preprocess, Image.fromarray(crop)) for crop in crops])
        images = embed_photos(self._model, self._preprocess, photos, self.batch_size)
        texts = np.stack([self._texts[name] for name in categories])
        return self._scale * np.einsum("nd,ntd->nt", images, texts)


def load_clip_scorer(
    path: str | Path | None, device: str, batch_size: int, is_compiled: bool = False
) -> ClipScorer | None:
    """Return the scorer, or None without weights."""
    return None if path is None else ClipScorer(path, device, batch_size, is_compiled)


def tabulate(edit_ids: Iterable[str], scores: dict[str, dict]) -> pd.DataFrame:
    """Return `edit_id status reason` and all scores with their reasons, a row an edit; null where
    there is no value.
    """
    rows = [{"edit_id": name, **dict.fromkeys(GONE), **scores[name]} for name in edit_ids]
    reasons = (f"{name}_reason" for name in EXPLAINED)
    columns = ["edit_id", "status", "reason", *SCORES, *reasons, *GONE]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(SCORES, "float64"))
