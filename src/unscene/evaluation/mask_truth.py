"""Masks and detector against the instances of a source."""

import numpy as np
import pandas as pd

from unscene.photos.images import read_mask
from unscene.run.agreement import count_share, summarise


def score_masks(mask: pd.DataFrame, sample: pd.DataFrame, instances: dict | None) -> dict:
    """Return how detected objects and final masks agree with the photo's instances of the class.

    iou: of the detected object (before dilation, where the masks table has it) and the union of the
    instances. precision: share of the detected object inside them. recall: share of their pixels
    that the final mask covers. spill: the final mask's area over theirs. Crowds count on neither
    side. A mask of a class without an instance in its photo has IoU 0 and no recall.
    """
    if instances is None:
        return {"iou": None, "reason": "the source has no instances"}
    if mask["listed_instances"].notna().any():
        return {"iou": None, "reason": "masks.truth is union: the masks hold the instances themselves"}
    rows, skipped = [], 0
    has_objects = "object_path" in mask
    for row in mask[mask["status"] == "ok"].to_dict("records"):
        photo = instances.get(str(sample.at[row["image_id"], "source_key"]))
        if photo is None:
            skipped += 1
            continue
        true, crowd = photo.draw_objects(row["category"]), photo.draw_crowds(row["category"])
        final = read_mask(row["mask_path"])
        found = read_mask(row["object_path"]) if has_objects else final
        if final.shape != true.shape:
            skipped += 1
            continue
        crowd &= ~true
        final, found = final & ~crowd, found & ~crowd
        if not true.any() and crowd.any():
            skipped += 1
            continue
        rows.append({"category": row["category"], **compare_masks(found, final, true)})
    if not rows:
        return {
            "iou": None,
            "reason": "no mask lies on a photo that the instances list",
            "on_unlisted_photos": skipped,
        }
    frame = pd.DataFrame(rows)
    return {
        "compared": "the detected object"
        if has_objects
        else "the final, dilated mask: masks.parquet has no object_path",
        **{name: summarise(frame[name]) for name in ("iou", "precision", "recall", "spill")},
        "iou_above_half": count_share(int((frame["iou"] >= 0.5).sum()), len(frame)),
        "without_instance_of_class": int((~frame["is_listed"]).sum()),
        "not_compared": skipped,
        "by_class": {
            name: {
                "n": len(part),
                "iou": part["iou"].mean(),
                "precision": part["precision"].mean(),
                "recall": part["recall"].mean(),
            }
            for name, part in frame.groupby("category")
        },
    }


def score_detector(mask: pd.DataFrame, sample: pd.DataFrame, instances: dict | None) -> dict:
    """Return the share of the wanted words with an instance on their photo that the detector found,
    overall and by class.

    Found is an object at masks.target_confidence or above, wherever it lies. Words with only a
    crowd do not count.
    """
    if instances is None:
        return {"share": None, "reason": "the source has no instances"}
    found: dict[str, list[bool]] = {}
    for row in mask[mask["status"] != "failed"].itertuples():
        photo = instances.get(str(sample.at[row.image_id, "source_key"]))
        if photo is not None and row.category in photo.segmentations:
            found.setdefault(row.category, []).append(row.found_by in ("detector", "both"))
    every = [hit for hits in found.values() for hit in hits]
    return {
        **count_share(sum(every), len(every)),
        "by_class": {name: count_share(sum(hits), len(hits)) for name, hits in sorted(found.items())},
    }


def compare_masks(found: np.ndarray, final: np.ndarray, true: np.ndarray) -> dict:
    """Return iou, precision, recall and spill of one mask; NaN where a denominator is zero."""
    shared, area = int((found & true).sum()), int(true.sum())
    return {
        "iou": shared / max(int((found | true).sum()), 1),
        "precision": shared / found.sum() if found.any() else float("nan"),
        "recall": int((final & true).sum()) / area if area else float("nan"),
        "spill": int(final.sum()) / area if area else float("nan"),
        "is_listed": bool(area),
    }
