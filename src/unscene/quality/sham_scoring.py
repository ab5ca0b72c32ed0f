"""Score the sham edits of one shard by their pixels: is the rest untouched, is there a seam, is the hole blurred?"""

import logging

import numpy as np
import pandas as pd

from unscene.machine.batching import read_checked_photo, run_ahead
from unscene.photos.images import PhotoError, read_mask
from unscene.quality.image_scores import (
    measure_blur_ratio,
    measure_change,
    measure_outside_difference,
    measure_seam,
    measure_ssim,
)
from unscene.run.shards import check_failed_share
from unscene.run.tables import read_table, write_table

# What an object detector or CLIP would say of the removed object makes no sense here: the object is still there.
SCORES = {
    "outside_difference": measure_outside_difference,
    "change": measure_change,
    "ssim": measure_ssim,
    "seam": measure_seam,
    "blur_ratio": measure_blur_ratio,
}
COLUMNS = ["edit_id", "status", "reason", *SCORES]


def score_sham_edits(path_to_samples: str, path_to_sham: str, path_to_table: str, runtime: dict) -> None:
    """Write one row of raw scores a sham edit, in their order; one that was not made is a row `skipped`.

    NaN where a score has nothing to measure (no pixels around the mask).
    """
    sample = read_table(path_to_samples, ["image_id", "path", "sha256"])[["image_id", "path", "sha256"]]
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    sham = read_table(
        path_to_sham, ["edit_id", "image_id", "image_path", "mask_path", "sha256", "mask_sha256"]
    )
    sham = sham.merge(sample, on="image_id", how="left", validate="many_to_one")
    scored = run_ahead(score_sham, sham.to_dict("records"), runtime["workers"], 4 * runtime["workers"])
    table = pd.DataFrame([values for _, values in scored], columns=COLUMNS)
    table = table.astype({name: "float64" if name in SCORES else "string" for name in COLUMNS})
    check_failed_share(table, runtime["max_failed_share"], "scores of the sham edits")
    logging.getLogger("unscene").info(
        "%d sham edits: %s", len(table), table["status"].value_counts().to_dict()
    )
    write_table(table, path_to_table, COLUMNS)


def score_sham(row: dict) -> dict:
    """Return the scores of one sham edit, or why it has none."""
    values = {"edit_id": row["edit_id"], "status": "ok", "reason": None}
    if row["status"] != "ok":
        return values | {"status": "skipped", "reason": f"edit {row['status']}: {row['reason']}"}
    try:
        original = read_checked_photo(row["original_path"], row["original_sha256"])
        edited = read_checked_photo(row["image_path"], row["sha256"])
        mask = read_mask(row["mask_path"])
    except (PhotoError, OSError) as error:
        return values | {"status": "failed", "reason": f"unreadable: {error}"}
    if edited.shape != original.shape or mask.shape != original.shape[:2]:
        shapes = f"{original.shape}, {edited.shape}, {mask.shape}"
        return values | {"status": "failed", "reason": f"shapes of original, edit and mask: {shapes}"}
    return values | {name: float(np.float64(score(original, edited, mask))) for name, score in SCORES.items()}
