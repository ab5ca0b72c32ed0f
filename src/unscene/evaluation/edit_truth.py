"""Edits against true photos of what is behind the objects: how near the hole is to it, and what is
truly removed.
"""

import logging

import cv2
import numpy as np
import pandas as pd

from unscene.edits.removers.telea import fill_telea
from unscene.photos.images import PhotoError, read_mask, read_photo
from unscene.quality.image_scores import measure_psnr, measure_sharpness
from unscene.run.agreement import summarise
from unscene.run.shards import check_file

# An object counts as truly removed when little of its contrast is left (MAIN_LEFT_CUT) and its
# pixels came clearly nearer the truth: an invented texture over an object of low contrast has an
# error ratio of .5 to .7 and is still a removal.
MAIN_CUT = 0.75
MAIN_LEFT_CUT = 0.3
FILLS = ("edit", "telea", "mean_fill", "untouched")
MEASURED = [
    *(f"psnr_{name}" for name in FILLS),
    *(f"{what}_{name}" for what in ("variance", "sharpness") for name in ("edit", "telea")),
    "error_ratio",
    "object_left",
]


def measure_edits(edit: pd.DataFrame, sample: pd.DataFrame, instances, truth_paths) -> pd.DataFrame | None:
    """Return one row an edit with a true photo: how near the hole is to it, for the edit and simple
    fills; else None.
    """
    if truth_paths is None:
        return None
    rows = []
    for row in edit[edit["status"] == "ok"].to_dict("records"):
        photo = instances[str(sample.at[row["image_id"], "source_key"])]
        path, sha256 = truth_paths.get((photo.file_name, row["category"]), (None, None))
        if path is None:  # the detector saw a class that the scene does not have: nothing to remove
            rows.append({"edit_id": row["edit_id"], "category": row["category"], "exists": False})
            continue
        check_file(path, sha256)
        try:
            original, edited, truth = (
                np.asarray(read_photo(p))
                for p in (sample.at[row["image_id"], "path"], row["image_path"], path)
            )
        except PhotoError as error:
            logging.getLogger("unscene").warning("%s cannot be compared: %s", row["edit_id"], error)
            continue
        measured = measure_edit(
            original, edited, truth, read_mask(row["mask_path"]), photo.draw_objects(row["category"])
        )
        rows.append({"edit_id": row["edit_id"], "category": row["category"], "exists": True, **measured})
    return pd.DataFrame(rows, columns=["edit_id", "category", "exists", *MEASURED])


def measure_edit(original, edited, truth, hole: np.ndarray, true_object: np.ndarray) -> dict[str, float]:
    """Measure one edit against the true photo without the object.

    psnr_*: dB inside the hole, for the edit, OpenCV's Telea fill, the mean colour of the unmasked
    photo, and no edit. variance_*, sharpness_*: |log| of the ratio to the truth of luminance
    variance and Laplacian variance in the hole. error_ratio: over the object's own pixels, mean
    |edit - truth| / mean |original - truth|; 0 is perfect, 1 untouched. object_left: how much of
    the difference that the object made is still there: the projection of (edit - truth) on
    (original
      - truth) over the same pixels; 1 untouched, 0 gone. A texture that differs from the truth does
      not raise it.
    """
    fills = {
        "edit": edited,
        "telea": fill_telea(original, hole),
        "mean_fill": np.broadcast_to(np.round(original[~hole].mean(axis=0)).astype(np.uint8), original.shape),
        "untouched": original,
    }
    measured = {f"psnr_{name}": measure_psnr(pixels, truth, hole) for name, pixels in fills.items()}
    gray = {
        name: cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        for name, pixels in (("edit", edited), ("telea", fills["telea"]), ("truth", truth))
    }
    for name in ("edit", "telea"):
        for what, spread in (
            ("variance", lambda key: float(gray[key][hole].var())),
            ("sharpness", lambda key: measure_sharpness({**fills, "truth": truth}[key], hole)),
        ):
            measured[f"{what}_{name}"] = abs(float(np.log((spread(name) + 1) / (spread("truth") + 1))))
    before = original[true_object].astype(float) - truth[true_object]
    after = edited[true_object].astype(float) - truth[true_object]
    measured["error_ratio"] = (
        float(np.abs(after).mean() / max(np.abs(before).mean(), 1e-9)) if before.size else np.nan
    )
    measured["object_left"] = (
        float((after * before).sum() / max((before**2).sum(), 1e-9)) if before.size else np.nan
    )
    return measured


def score_edits_by_truth(measured: pd.DataFrame | None) -> dict:
    """Return PSNR in the hole and texture error of edits and simple fills, overall and by class."""
    if measured is None or not measured["exists"].any():
        return {"psnr": None, "reason": "the source has no photos of what is behind its objects"}
    there = measured[measured["exists"]]
    return {
        "psnr_db": {name: summarise(there[f"psnr_{name}"]) for name in FILLS},
        "psnr_gain_over_mean_fill_db": summarise(there["psnr_edit"] - there["psnr_mean_fill"]),
        "psnr_gain_over_telea_db": summarise(there["psnr_edit"] - there["psnr_telea"]),
        "texture_log_variance_ratio": {
            name: summarise(there[f"variance_{name}"]) for name in ("edit", "telea")
        },
        "texture_log_sharpness_ratio": {
            name: summarise(there[f"sharpness_{name}"]) for name in ("edit", "telea")
        },
        "object_left": summarise(there["object_left"]),
        "error_ratio": summarise(there["error_ratio"]),
        "by_class": {
            name: {
                "n": len(part),
                **{f"psnr_{fill}": part[f"psnr_{fill}"].mean() for fill in FILLS},
                "object_left": part["object_left"].median(),
            }
            for name, part in there.groupby("category")
        },
    }


def is_removed(
    measured: pd.DataFrame, error_cut: float = MAIN_CUT, left_cut: float = MAIN_LEFT_CUT
) -> pd.Series:
    """Tell which edits truly removed an object: its pixels came near the truth and little of the
    object is left.
    """
    near = (measured["error_ratio"] <= error_cut) & (measured["object_left"] <= left_cut)
    return (near & measured["exists"]).astype(bool)
