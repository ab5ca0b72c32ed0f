"""Score every edit of one shard: is the file sound, did anything change, is there a seam, is the object gone?"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unscene.checkout import resolve_path
from unscene.engine import cut_batches, prepare_torch, read_checked_photo, run_ahead
from unscene.image_scores import (
    crop_padded_square,
    find_damage,
    get_mask_box,
    judge_removal,
    measure_blur_ratio,
    measure_change,
    measure_outside_difference,
    measure_seam,
    measure_ssim,
)
from unscene.images import PhotoError, read_mask, read_photo
from unscene.shards import check_failed_share, check_file
from unscene.tables import read_table, write_table

PIXEL_SCORES = ["outside_difference", "change", "ssim", "seam", "blur_ratio"]
JUDGE_SCORES = ["residual", "residual_frame", "original_confidence", "new_object", "collateral"]
SCORES = ["sane", *PIXEL_SCORES, *JUDGE_SCORES, "clip_drop"]
# Scores that can be null for an edit that was scored, each with a column that says why.
EXPLAINED = ["sane", "seam", "blur_ratio", *JUDGE_SCORES, "clip_drop"]
COLUMNS = ["edit_id", "status", "reason", *SCORES]
EDIT_COLUMNS = [
    "edit_id", "image_id", "category", "image_path", "mask_path", "status", "reason", "sha256", "mask_sha256",
]  # fmt: skip
CLIP_PROMPT = "a photo of a {category}"  # the plain template of Radford et al. 2021


@dataclass
class Views:
    """An edit as pixels: original and edited (height, width, 3), the mask really used, and the object's box."""

    original: np.ndarray
    edited: np.ndarray
    mask: np.ndarray
    box: tuple[float, float, float, float]


def score_edits(
    path_to_samples: str,
    path_to_masks: str,
    path_to_edits: str,
    path_to_table: str,
    judge,
    judge_confidence: float,
    clip,
    runtime: dict,
) -> pd.DataFrame:
    """Write one row of raw scores an edit, in the order of the edits.

    judge: an object with `detect(photos, confidence)`, or None; clip: a function of (crops, categories) that returns logits, or
    None: then its scores are null with a reason. An edit that was not made is a row `skipped`, one that cannot be read a
    row `failed`.
    """
    edit = read_edits(path_to_samples, path_to_masks, path_to_edits)
    made = [row for row in edit.to_dict("records") if row["status"] == "ok"]
    scores = {
        row["edit_id"]: {"status": "skipped", "reason": f"edit {row['status']}: {row['reason']}"}
        for row in edit.to_dict("records")
        if row["status"] != "ok"
    }
    batch_size = runtime["batch_size"]
    scored = run_ahead(score_pixels, made, workers=runtime["workers"], ahead=2 * batch_size)
    for batch in cut_batches(_with_progress(scored, len(made)), batch_size):
        usable = [(row, views, values) for row, (views, values) in batch if views is not None]
        for row, (_, values) in batch:
            scores[row["edit_id"]] = values
        ask_judge(usable, judge, judge_confidence, batch_size)
        ask_clip(usable, clip)
    table = tabulate(edit["edit_id"], scores)
    check_failed_share(table, runtime["max_failed_share"], "scores of the edits")
    log_summary(table)
    write_table(table, path_to_table, COLUMNS)
    return table


def read_edits(path_to_samples: str, path_to_masks: str, path_to_edits: str) -> pd.DataFrame:
    """Return the shard's edits with the photo's path and hash and the object's box beside them."""
    sample = read_table(path_to_samples, ["image_id", "path", "sha256"])
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    boxes = ["box_x0", "box_y0", "box_x1", "box_y1"]
    mask = read_table(path_to_masks, ["edit_id", *boxes])[["edit_id", *boxes]]
    edit = read_table(path_to_edits, EDIT_COLUMNS)
    photo = sample[["image_id", "original_path", "original_sha256"]]
    edit = edit.merge(photo, on="image_id", how="left", validate="many_to_one")
    return edit.merge(mask, on="edit_id", how="left", validate="one_to_one")


def score_pixels(row: dict) -> tuple[Views | None, dict]:
    """Read an edit and score it without a model: (views, scores); views are None when it cannot be judged further."""
    check_file(row["image_path"], row["sha256"])
    check_file(row["mask_path"], row["mask_sha256"])
    try:
        original = read_checked_photo(row["original_path"], row["original_sha256"])
        mask = read_mask(row["mask_path"])
    except (PhotoError, OSError) as error:
        return None, {"status": "failed", "reason": f"unreadable: {error}"}
    if mask.shape != original.shape[:2] or not mask.any():
        return None, {"status": "failed", "reason": f"mask: shape {mask.shape}, {int(mask.sum())} pixels"}
    try:
        edited = np.asarray(read_photo(row["image_path"]))
        damage = find_damage(edited, original.shape[:2])
    except PhotoError as error:
        damage = str(error)
    if damage:
        return None, {"status": "ok", "reason": None, "sane": 0.0, "sane_reason": damage}
    box = tuple(row[f"box_{corner}"] for corner in ("x0", "y0", "x1", "y1"))
    views = Views(original, edited, mask, box if np.isfinite(box).all() else get_mask_box(mask))
    values = {
        "status": "ok",
        "reason": None,
        "sane": 1.0,
        "outside_difference": measure_outside_difference(original, edited, mask),
        "change": measure_change(original, edited, mask),
        "ssim": measure_ssim(original, edited, mask),
        "seam": measure_seam(original, edited, mask),
        "blur_ratio": measure_blur_ratio(original, edited, mask),
    }
    for name in ("seam", "blur_ratio"):
        if np.isnan(values[name]):
            values[f"{name}_reason"] = "no pixels around the mask"
    return views, values


def ask_judge(usable: list[tuple], judge, confidence: float, batch_size: int) -> None:
    """Add the judge's scores to the values of a batch; each original is looked at once."""
    if judge is None:
        for _, _, values in usable:
            values.update({f"{name}_reason": "no judge (quality.judge is null)" for name in JUDGE_SCORES})
        return
    originals = {row["image_id"]: views.original for row, views, _ in usable}
    photos = [*originals.values(), *(views.edited for _, views, _ in usable)]
    found = [seen for part in cut_batches(photos, batch_size) for seen in judge.detect(part, confidence)]
    before = dict(zip(originals, found, strict=False))
    for (row, views, values), after in zip(usable, found[len(originals) :], strict=True):
        values.update(judge_removal(before[row["image_id"]], after, row["category"], views.mask))
        if np.isnan(values["collateral"]):
            values["collateral_reason"] = "no other object in the original"


def ask_clip(usable: list[tuple], clip) -> None:
    """Add the fall of the CLIP logit of the object's name on its crop (Q7) to the values of a batch."""
    if clip is None:
        for _, _, values in usable:
            values["clip_drop_reason"] = "no CLIP (train.clip)"
        return
    if not usable:
        return
    categories = [row["category"] for row, _, _ in usable]
    before = [crop_padded_square(views.original, views.box) for _, views, _ in usable]
    after = [crop_padded_square(views.edited, views.box) for _, views, _ in usable]
    fall = clip(before, categories) - clip(after, categories)
    for (_, _, values), drop in zip(usable, fall, strict=True):
        values["clip_drop"] = float(drop)


def load_judge(path: str | None, image_size: int, device: str, runtime: dict):
    """Return the judging detector, or None when the config names none."""
    if path is None:
        return None
    from unscene.detectors import Detector

    return Detector(resolve_path(path), image_size, device, runtime["precision"], runtime["batch_size"])


def load_clip_scorer(path: str | None, device: str, batch_size: int):
    """Return a function (crops, categories) -> logits (n,) of "a photo of a {category}", or None without weights."""
    if path is None:
        return None
    from PIL import Image

    from unscene.clip_models import embed_photos, embed_texts, load_clip, resize_photo

    model, preprocess, tokenizer = load_clip(resolve_path(path), device=device)
    scale = float(model.logit_scale.detach().exp())
    texts: dict[str, np.ndarray] = {}

    def score(crops: list[np.ndarray], categories: list[str]) -> np.ndarray:
        for category in categories:
            if category not in texts:
                texts[category] = embed_texts(model, tokenizer, [CLIP_PROMPT.format(category=category)])[0]
        photos = np.stack([resize_photo(preprocess, Image.fromarray(crop)) for crop in crops])
        images = embed_photos(model, preprocess, photos, batch_size)
        return scale * (images * np.stack([texts[category] for category in categories])).sum(axis=1)

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


def log_summary(table: pd.DataFrame) -> None:
    """Log the spread of each score and how often it is null."""
    logger = logging.getLogger("unscene")
    logger.info("%d edits: %s", len(table), table["status"].value_counts().to_dict())
    for column in SCORES:
        values = table.loc[table["status"] == "ok", column]
        spread = ", ".join(f"{value:.3f}" for value in values.quantile([0.05, 0.5, 0.95]))
        logger.info("%s: 5 %%, median, 95 %%: %s; null: %d", column, spread, int(values.isna().sum()))


def _with_progress(items, total: int):
    from unscene.logs import progress

    return progress(items, total=total, desc="scoring edits", unit="edit")


if __name__ == "__main__":
    from unscene.devices import lease_device
    from unscene.logs import log_job

    with log_job(snakemake):
        runtime = snakemake.config["runtime"]
        settings = snakemake.params.lineage["settings"]
        device = lease_device(runtime)
        prepare_torch(device, snakemake.threads)
        score_edits(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_edits=snakemake.input.edits,
            path_to_table=snakemake.output.table,
            judge=load_judge(
                settings["quality"]["judge"], settings["quality"]["judge_image_size"], device, runtime
            ),
            judge_confidence=settings["quality"]["judge_confidence"],
            clip=load_clip_scorer(settings["train"]["clip"], device, runtime["batch_size"]),
            runtime=runtime,
        )
