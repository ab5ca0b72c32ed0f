"""Score every edit of one shard: is the file sound, did anything change, is there a seam, is the
object gone?
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unscene.edits.columns import EDITS
from unscene.machine.batching import read_checked_photo
from unscene.machine.engine import Batch, DeviceStage
from unscene.machine.job import Job
from unscene.machine.shard_work import open_shard
from unscene.masks.columns import MASKS
from unscene.masks.wanted_objects import find_photo_instances
from unscene.photos.coco_instances import PhotoInstances
from unscene.photos.images import PhotoError, read_mask, read_photo
from unscene.quality.columns import EDIT_SCORES
from unscene.quality.edit_scores import (
    Views,
    ask_models,
    load_models,
    measure_listing,
    measure_pixels,
    tabulate,
)
from unscene.quality.image_scores import find_damage, find_empty_fill, get_mask_box
from unscene.quality.scores import SCORES
from unscene.run.shards import check_file
from unscene.samples.columns import SHARD_SAMPLES

EDIT_COLUMNS = [
    "edit_id",
    "image_id",
    "category",
    "image_path",
    "mask_path",
    "status",
    "reason",
    "edited_sha256",
    "mask_sha256",
]
MASK_COLUMNS = [
    "edit_id",
    "box_x0",
    "box_y0",
    "box_x1",
    "box_y1",
    "object_path",
    "instance_confidences",
    "instance_joined",
]


def score_edits(job: Job) -> None:
    """Write one row of raw scores an edit, in the order of the edits.

    Without its model a score is null with a reason. An edit that was not made is a row `skipped`,
    one that cannot be read a row `failed`. inputs: samples, masks, edits (of the shard); outputs:
    table.
    """
    edit = read_edits(job.inputs.samples, job.inputs.masks, job.inputs.edits)
    sample = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "source_key", "width", "height"])
    listed = find_photo_instances(sample, set(edit["image_id"]), job.entry("source"))
    made = [row for row in edit.to_dict("records") if row["status"] == "ok"]
    scores = {
        row["edit_id"]: {"status": "skipped", "reason": f"edit {row['status']}: {row['reason']}"}
        for row in edit.to_dict("records")
        if row["status"] != "ok"
    }
    with open_shard(job, EDIT_SCORES) as shard:
        scores |= shard.run(Scoring(load_models(job), listed), made)
        table = tabulate(edit["edit_id"], scores)
        table["batch_shape"] = [scores[name].get("batch_shape") for name in edit["edit_id"]]
        log_spread(table)
        shard.finish(table)


class Scoring(DeviceStage):
    """The scores stage for the engine: an item is a row of `read_edits`, its result the values of its scores.

    models: by the name of their maker, None where the config names none. listed: of
    `find_photo_instances`; nothing without instances.
    """

    name, unit = "scores", "edit"

    def __init__(
        self, models: dict[str, Any], listed: dict[str, tuple[PhotoInstances | None, str]] | None = None
    ):
        self._models, self._listed = models, listed or {}

    def key(self, item: dict) -> str:
        return item["edit_id"]

    def count_bytes(self, item: dict) -> int:
        return 7 * int(item["pixels"])  # the photo, the edited photo and the mask

    def read(self, item: dict) -> tuple[Views | None, dict]:
        views, values = score_pixels(item)
        if views is not None:
            photo, state = self._listed.get(item["image_id"], (None, "it has no instances"))
            values |= measure_masks(item) | measure_listing(photo, state, views, item["category"])
        return views, values

    def work(self, items: list[dict], inputs: list[tuple], batch_size: int) -> list[dict]:
        for model in self._models.values():
            if model is not None:
                model.batch_size = batch_size
        outputs = [dict(values) for _, values in inputs]
        usable = [
            (row, views, values)
            for row, (views, _), values in zip(items, inputs, outputs, strict=True)
            if views is not None
        ]
        ask_models(usable, self._models)
        return outputs

    def keep(self, item: dict, value, output: dict, batch: Batch, folder: Path) -> tuple[dict, list[str]]:
        return output | {"batch_shape": str(batch.size)}, []


def read_edits(path_to_samples: str, path_to_masks: str, path_to_edits: str) -> pd.DataFrame:
    """Return the shard's edits with the photo's path and hash and the object's box beside them."""
    sample = SHARD_SAMPLES.read(path_to_samples, ["image_id", "path", "sha256", "width", "height"])
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    mask = MASKS.read(path_to_masks, MASK_COLUMNS)
    edit = EDITS.read(path_to_edits, EDIT_COLUMNS)
    sample["pixels"] = sample["width"] * sample["height"]
    photo = sample[["image_id", "original_path", "original_sha256", "pixels"]]
    edit = edit.merge(photo, on="image_id", how="left", validate="many_to_one")
    return edit.merge(mask, on="edit_id", how="left", validate="one_to_one")


def score_pixels(row: dict) -> tuple[Views | None, dict]:
    """Read an edit and score it without a model: (views, scores); views are None when it cannot be
    judged further.
    """
    check_file(row["image_path"], row["edited_sha256"])
    check_file(row["mask_path"], row["mask_sha256"])
    try:
        original = read_checked_photo(row["original_path"], row["original_sha256"])
        mask = read_mask(row["mask_path"])
        object_mask = read_mask(row["object_path"])
    except (PhotoError, OSError) as error:
        return None, {"status": "failed", "reason": f"unreadable: {error}"}
    if mask.shape != original.shape[:2] or not mask.any():
        return None, {"status": "failed", "reason": f"mask: shape {mask.shape}, {int(mask.sum())} pixels"}
    try:
        edited = np.asarray(read_photo(row["image_path"]))
        damage = find_damage(edited, original.shape[:2]) or find_empty_fill(original, mask, edited)
    except PhotoError as error:
        damage = str(error)
    if damage:
        return None, {"status": "ok", "reason": None, "sane": 0.0, "sane_reason": damage}
    box = tuple(row[f"box_{corner}"] for corner in ("x0", "y0", "x1", "y1"))
    box = box if np.isfinite(box).all() else get_mask_box(mask)
    views = Views(original, edited, mask, box, object_mask)
    return views, measure_pixels(views)


def measure_masks(row: dict) -> dict:
    """Return what the table of masks says of an edit: `left_confidence`."""
    left = np.asarray(row["instance_confidences"], float)[~np.asarray(row["instance_joined"], bool)]
    return {"left_confidence": float(left.max(initial=0.0))}


def log_spread(table: pd.DataFrame) -> None:
    """Log the spread of each score and how often it is null, and which have no value at all."""
    logger = logging.getLogger("unscene")
    scored = table[table["status"] == "ok"]
    empty = [column for column in SCORES if scored[column].isna().all()]
    for column in SCORES:
        if column not in empty:
            values = scored[column]
            spread = ", ".join(f"{value:.3f}" for value in values.quantile([0.05, 0.5, 0.95]))
            logger.info("%s: 5 %%, median, 95 %%: %s; null: %d", column, spread, int(values.isna().sum()))
    if empty:
        logger.info("null for all %d edits: %s", len(scored), ", ".join(empty))
