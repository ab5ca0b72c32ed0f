"""Score the sham edits of one shard by their pixels: is the rest untouched, is there a seam, is the
hole blurred?
"""

import logging

from unscene.edits.columns import SHAM_EDITS
from unscene.machine.batching import read_checked_photo, run_ahead
from unscene.machine.job import Job
from unscene.photos.images import PhotoError, read_mask
from unscene.quality.columns import SHAM_EDIT_SCORES
from unscene.quality.scores import MEASURES, PIXEL_SCORES
from unscene.run.counts import tell_count
from unscene.run.shards import check_failed_share
from unscene.samples.columns import SHARD_SAMPLES

SHAM_COLUMNS = [
    "edit_id",
    "image_id",
    "image_path",
    "mask_path",
    "edited_sha256",
    "mask_sha256",
    "status",
    "reason",
]


def score_sham_edits(job: Job) -> None:
    """Write one row of raw scores a sham edit, in their order; one that was not made is a row `skipped`.

    What an object detector or CLIP would say of the removed object makes no sense here: the object
    is still there. Null where a score has nothing to measure (no pixels around the mask). inputs:
    samples, sham (of the shard); outputs: table.
    """
    sample = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "path", "sha256"])
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    sham = SHAM_EDITS.read(job.inputs.sham, SHAM_COLUMNS)
    sham = sham.merge(sample, on="image_id", how="left", validate="many_to_one")
    workers = job.runtime["workers"]
    scored = run_ahead(score_sham, sham.to_dict("records"), workers, 4 * workers)
    table = SHAM_EDIT_SCORES.frame(values for _, values in scored)
    check_failed_share(table, job.runtime["max_failed_share"], "scores of the sham edits")
    counts = table["status"].value_counts().to_dict()
    logging.getLogger("unscene").info("%s: %s", tell_count(len(table), "sham edit"), counts)
    SHAM_EDIT_SCORES.write(table, job.outputs.table)


def score_sham(row: dict) -> dict:
    """Return the scores of one sham edit, or why it has none."""
    values = {"edit_id": row["edit_id"], "status": "ok", "reason": None}
    if row["status"] != "ok":
        return values | {"status": "skipped", "reason": f"edit {row['status']}: {row['reason']}"}
    try:
        original = read_checked_photo(row["original_path"], row["original_sha256"])
        edited = read_checked_photo(row["image_path"], row["edited_sha256"])
        mask = read_mask(row["mask_path"])
    except (PhotoError, OSError) as error:
        return values | {"status": "failed", "reason": f"unreadable: {error}"}
    if edited.shape != original.shape or mask.shape != original.shape[:2]:
        shapes = f"{original.shape}, {edited.shape}, {mask.shape}"
        return values | {"status": "failed", "reason": f"shapes of original, edit and mask: {shapes}"}
    return values | {name: float(MEASURES[name](original, edited, mask)) for name in PIXEL_SCORES}
