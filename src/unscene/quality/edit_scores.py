"""The scores of an edit as one suite: edits of a run and controls go through the same functions.

Each `ask_` function adds its columns to the `values` of a batch of (row, views, values); without its model the scores are
null and `{score}_reason` says why. docs/QUALITY.md tells what each score means.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from unscene.quality.image_scores import (
    crop_padded_square,
    judge_removal,
    measure_blur_ratio,
    measure_change,
    measure_outside_difference,
    measure_seam,
    measure_ssim,
)
from unscene.run.checkout import resolve_path

PIXEL_SCORES = ["outside_difference", "change", "ssim", "seam", "blur_ratio"]
JUDGE_SCORES = ["residual", "residual_frame", "original_confidence", "new_object", "collateral"]
CLIP_SCORES = ["clip_drop", "clip_present"]
SCORES = ["sane", *PIXEL_SCORES, *JUDGE_SCORES, *CLIP_SCORES, "rc_s"]
# Scores that can be null for an edit that was scored, each with a column that says why.
EXPLAINED = ["sane", "seam", "blur_ratio", *JUDGE_SCORES, *CLIP_SCORES, "rc_s"]
# Which side of a score is good; original_confidence says how much the judge can know and is good on neither.
HIGH_IS_GOOD = ["change", "blur_ratio", "collateral", "clip_drop", "rc_s"]
LOW_IS_GOOD = ["ssim", "seam", "residual", "residual_frame", "new_object", "clip_present"]
COLUMNS = ["edit_id", "status", "reason", *SCORES]
CLIP_PROMPT = "a photo of a {category}"  # the plain template of Radford et al. 2021
EMPTY_PROMPTS = ("a photo of a background", "a photo of an empty place")


@dataclass
class Views:
    """An edit as pixels: original and edited (height, width, 3), the mask really used, and the object's box."""

    original: np.ndarray
    edited: np.ndarray
    mask: np.ndarray
    box: tuple[float, float, float, float]


def measure_pixels(views: Views) -> dict:
    """Return the scores of an edit that need no model; the file itself is sound by then."""
    values = {
        "status": "ok",
        "reason": None,
        "sane": 1.0,
        "outside_difference": measure_outside_difference(views.original, views.edited, views.mask),
        "change": measure_change(views.original, views.edited, views.mask),
        "ssim": measure_ssim(views.original, views.edited, views.mask),
        "seam": measure_seam(views.original, views.edited, views.mask),
        "blur_ratio": measure_blur_ratio(views.original, views.edited, views.mask),
    }
    for name in ("seam", "blur_ratio"):
        if np.isnan(values[name]):
            values[f"{name}_reason"] = "no pixels around the mask"
    return values


def ask_judge(usable: list[tuple], judge, confidence: float, batch_size: int) -> None:
    """Add the judge's scores (Q4 to Q6) to the values of a batch; each original is looked at once.

    The row's `original_id`, or else its `image_id`, says which originals are the same.
    """
    if judge is None:
        for _, _, values in usable:
            values.update({f"{name}_reason": "no judge (quality.judge is null)" for name in JUDGE_SCORES})
        return
    names = [row.get("original_id", row["image_id"]) for row, _, _ in usable]
    originals = {name: views.original for name, (_, views, _) in zip(names, usable, strict=True)}
    photos = [*originals.values(), *(views.edited for _, views, _ in usable)]
    found = []
    for start in range(0, len(photos), batch_size):
        found += judge.detect(photos[start : start + batch_size], confidence)
    before = dict(zip(originals, found, strict=False))
    for name, (row, views, values), after in zip(names, usable, found[len(originals) :], strict=True):
        values.update(judge_removal(before[name], after, row["category"], views.mask))
        if np.isnan(values["collateral"]):
            values["collateral_reason"] = "no other object in the original"


def ask_clip(usable: list[tuple], clip) -> None:
    """Add what CLIP says of the object's box (Q7) to the values of a batch.

    clip_drop: fall of the logit of the object's name. clip_present: after the edit, the softmax probability of the
    object's name against the names of an empty place.
    """
    if clip is None:
        for _, _, values in usable:
            values.update({f"{name}_reason": "no CLIP (train.clip)" for name in CLIP_SCORES})
        return
    if not usable:
        return
    categories = [row["category"] for row, _, _ in usable]
    before = clip([crop_padded_square(views.original, views.box) for _, views, _ in usable], categories)
    after = clip([crop_padded_square(views.edited, views.box) for _, views, _ in usable], categories)
    shifted = np.exp(after - after.max(axis=1, keepdims=True))
    present = shifted[:, 0] / shifted.sum(axis=1)
    for (_, _, values), drop, share in zip(usable, before[:, 0] - after[:, 0], present, strict=True):
        values["clip_drop"], values["clip_present"] = float(drop), float(share)


def ask_dino(usable: list[tuple], dino) -> None:
    """Add RC-S-lite (Q8) to the values of a batch; `dino` is a RegionScorer or None."""
    if dino is None:
        for _, _, values in usable:
            values["rc_s_reason"] = "no DINOv2 (quality.dino is null)"
        return
    scores = dino.score([views.edited for _, views, _ in usable], [views.mask for _, views, _ in usable])
    for (_, _, values), score in zip(usable, scores, strict=True):
        values["rc_s"] = float(score)
        if np.isnan(score):
            values["rc_s_reason"] = "no window with enough of the hole and of its surroundings"


def load_judge(path: str | None, image_size: int, device: str, runtime: dict, sha256: str | None = None):
    """Return the judging detector, or None when the config names none. sha256: quality.judge_sha256."""
    if path is None:
        return None
    from unscene.masks.detectors import load_detector

    return load_detector(
        resolve_path(path),
        image_size,
        device,
        runtime["precision"],
        runtime["batch_size"],
        runtime.get("compile", False),
        sha256,
    )


def load_dino(path: str | None, device: str, batch_size: int):
    """Return the scorer of RC-S-lite, or None when the config names no DINOv2 folder."""
    if path is None:
        return None
    from unscene.quality.rcs import RegionScorer

    return RegionScorer(resolve_path(path), device, batch_size)


def load_clip_scorer(path: str | None, device: str, batch_size: int, is_compiled: bool = False):
    """Return a function (crops, categories) -> logits (n, 3), or None without weights.

    The columns are "a photo of a {category}" and the two names of an empty place.
    """
    if path is None:
        return None
    from PIL import Image

    from unscene.clip.models import embed_photos, embed_texts, load_clip, resize_photo

    model, preprocess, tokenizer = load_clip(resolve_path(path), device=device)
    if is_compiled:
        model.visual.compile()
    scale = float(model.logit_scale.detach().exp())
    texts: dict[str, np.ndarray] = {}

    def score(crops: list[np.ndarray], categories: list[str]) -> np.ndarray:
        for category in categories:
            if category not in texts:
                prompts = [CLIP_PROMPT.format(category=category), *EMPTY_PROMPTS]
                texts[category] = embed_texts(model, tokenizer, prompts)
        photos = np.stack([resize_photo(preprocess, Image.fromarray(crop)) for crop in crops])
        images = embed_photos(model, preprocess, photos, score.batch_size)
        return scale * np.einsum("nd,ntd->nt", images, np.stack([texts[name] for name in categories]))

    score.batch_size = batch_size
    return score


def tabulate(edit_ids, scores: dict[str, dict]) -> pd.DataFrame:
    """Return the table of the scores: the same columns and types in every shard, null where there is no value."""
    rows = [scores[name] for name in edit_ids]
    table = pd.DataFrame({"edit_id": list(edit_ids)}, dtype=object)
    for column in ("status", "reason"):
        table[column] = pd.array([row[column] for row in rows], dtype="string")
    for column in SCORES:
        table[column] = np.array([row.get(column, np.nan) for row in rows], dtype=np.float64)
    for column in EXPLAINED:
        table[f"{column}_reason"] = pd.array([row.get(f"{column}_reason") for row in rows], dtype="string")
    return table.astype({"edit_id": "string"})
