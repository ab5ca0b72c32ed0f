"""Score every edit of one shard: is the file sound, did anything change, is there a seam, is the object gone?"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.machine.batching import read_checked_photo
from unscene.machine.engine import Batch, DeviceStage, Engine
from unscene.machine.scratch import Scratch
from unscene.photos.images import PhotoError, read_mask, read_photo
from unscene.quality.edit_scores import (
    COLUMNS,
    SCORES,
    Views,
    ask_clip,
    ask_dino,
    ask_judge,
    measure_pixels,
    tabulate,
)
from unscene.quality.image_scores import find_damage, get_mask_box
from unscene.run.shards import check_failed_share, check_file
from unscene.run.tables import read_table, write_table

EDIT_COLUMNS = [
    "edit_id", "image_id", "category", "image_path", "mask_path", "status", "reason", "sha256", "mask_sha256",
]  # fmt: skip


def score_edits(
    path_to_samples: str,
    path_to_masks: str,
    path_to_edits: str,
    path_to_table: str,
    judge,
    judge_confidence: float,
    clip,
    dino,
    runtime: dict,
    scratch: Scratch | None = None,
    path_to_timing: str | Path | None = None,
) -> pd.DataFrame:
    """Write one row of raw scores an edit, in the order of the edits.

    judge: an object with `detect(photos, confidence)`, or None; clip: a function of (crops, categories) that returns logits
    (n, 3), or None; dino: a RegionScorer, or None. Without one its scores are null with a reason. An edit that was not made
    is a row `skipped`, one that cannot be read a row `failed`. `scratch` keeps what is scored when the job is killed;
    `path_to_timing` gets how long the device worked.
    """
    edit = read_edits(path_to_samples, path_to_masks, path_to_edits)
    made = [row for row in edit.to_dict("records") if row["status"] == "ok"]
    scores = {
        row["edit_id"]: {"status": "skipped", "reason": f"edit {row['status']}: {row['reason']}"}
        for row in edit.to_dict("records")
        if row["status"] != "ok"
    }
    stage = Scoring(judge, judge_confidence, clip, dino)
    with scratch or Scratch(None, "", beside=Path(path_to_table).parent) as scratch:
        engine = Engine(stage, runtime, scratch)
        scores |= engine.run(made)
        table = tabulate(edit["edit_id"], scores)
        shapes = [scores[name].get("batch_shape") for name in edit["edit_id"]]
        table["batch_shape"] = pd.array(shapes, dtype="string")
        check_failed_share(table, runtime["max_failed_share"], "scores of the edits")
        log_summary(table)
        write_table(table, path_to_table, COLUMNS)
        if path_to_timing:
            engine.timing.write(path_to_timing)
        scratch.discard()
    return table


class Scoring(DeviceStage):
    """The scores stage for the engine: an item is a row of `read_edits`, its result the values of its scores."""

    name, unit = "scores", "edit"

    def __init__(self, judge, judge_confidence: float, clip, dino):
        self._judge, self._judge_confidence, self._clip, self._dino = judge, judge_confidence, clip, dino

    def key(self, item: dict) -> str:
        return item["edit_id"]

    def count_bytes(self, item: dict) -> int:
        return 7 * int(item["pixels"])  # the photo, the edited photo and the mask

    def read(self, item: dict) -> tuple[Views | None, dict]:
        return score_pixels(item)

    def work(self, items: list[dict], inputs: list[tuple], batch_size: int) -> list[dict]:
        for model in (self._judge, self._clip, self._dino):
            if model is not None:
                model.batch_size = batch_size
        outputs = [dict(values) for _, values in inputs]
        usable = [
            (row, views, values)
            for row, (views, _), values in zip(items, inputs, outputs, strict=True)
            if views is not None
        ]
        ask_judge(usable, self._judge, self._judge_confidence, batch_size)
        ask_clip(usable, self._clip)
        ask_dino(usable, self._dino)
        return outputs

    def keep(self, item: dict, value, output: dict, batch: Batch, folder: Path) -> tuple[dict, list[str]]:
        return output | {"batch_shape": str(batch.size)}, []


def read_edits(path_to_samples: str, path_to_masks: str, path_to_edits: str) -> pd.DataFrame:
    """Return the shard's edits with the photo's path and hash and the object's box beside them."""
    sample = read_table(path_to_samples, ["image_id", "path", "sha256", "width", "height"])
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    boxes = ["box_x0", "box_y0", "box_x1", "box_y1"]
    mask = read_table(path_to_masks, ["edit_id", *boxes])[["edit_id", *boxes]]
    edit = read_table(path_to_edits, EDIT_COLUMNS)
    sample["pixels"] = sample["width"] * sample["height"]
    photo = sample[["image_id", "original_path", "original_sha256", "pixels"]]
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
    return views, measure_pixels(views)


def log_summary(table: pd.DataFrame) -> None:
    """Log the spread of each score and how often it is null."""
    logger = logging.getLogger("unscene")
    logger.info("%d edits: %s", len(table), table["status"].value_counts().to_dict())
    for column in SCORES:
        values = table.loc[table["status"] == "ok", column]
        spread = ", ".join(f"{value:.3f}" for value in values.quantile([0.05, 0.5, 0.95]))
        logger.info("%s: 5 %%, median, 95 %%: %s; null: %d", column, spread, int(values.isna().sum()))
