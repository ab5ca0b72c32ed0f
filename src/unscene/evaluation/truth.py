"""Score keywords, masks, edits and the acceptance of edits against the truth, for the sources that know it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from unscene.edits.removers.telea import fill_telea
from unscene.photos.coco_instances import list_objects
from unscene.photos.images import PhotoError, read_mask, read_photo
from unscene.quality.image_scores import measure_psnr, measure_sharpness
from unscene.run.shard_names import get_source_name
from unscene.run.shards import check_file
from unscene.run.tables import read_table, write_json
from unscene.samples.instances import read_source_instances
from unscene.samples.readers import locate_files
from unscene.scenes.columns import TRUTH
from unscene.words.agreement import count_share, count_words, get_auc, rate, summarise

# An object counts as truly removed when little of its contrast is left (MAIN_LEFT_CUT) and its pixels came clearly nearer
# the truth: an invented texture over an object of low contrast has an error ratio of .5 to .7 and is still a removal.
MAIN_CUT = 0.75
CUTS = (0.3, 0.4, 0.5, 0.6, 0.75, 1.0)
MAIN_LEFT_CUT = 0.3
LEFT_CUTS = (0.15, 0.3, 0.5)
NOT_SCORES = {"edit_id", "status", "reason"}


def score_against_truth(paths: dict[str, str], path_to_truth: str, sources: list[dict]) -> dict:
    """Write, for each source, what its truth says; where it knows none the value is null with a reason.

    paths: the joined tables by name (samples, keywords, masks, edits, scores, pairs). sources: config samples.sources. The
    truth of an embedded source lies in results/scenes/{source}; a COCO source may name its `instances`.
    """
    table = {name: read_table(path) for name, path in paths.items()}
    table["samples"] = table["samples"].assign(source=table["samples"]["shard"].map(get_source_name))
    truth = {}
    for source in sources:
        name = source["name"]
        sample = table["samples"][table["samples"]["source"] == name].set_index("image_id", drop=False)
        part = {key: frame[frame["image_id"].isin(sample.index)] for key, frame in table.items()
                if key not in ("samples", "scores")}  # fmt: skip
        part["scores"] = table["scores"][table["scores"]["edit_id"].isin(part["edits"]["edit_id"])]
        labels = read_source_instances(source)
        measured = measure_edits(part["edits"], sample, labels, read_truth_paths(source))
        truth[name] = {
            "keywords": score_keywords(part["keywords"], sample),
            "keyword_agreement_with_labels": score_keyword_labels(part["keywords"], sample, labels),
            "masks": score_masks(part["masks"], sample, labels),
            "detector_recall": score_detector(part["masks"], sample, labels),
            "edits": score_edits_by_truth(measured),
            "acceptance": score_acceptance(measured, part["masks"], part["pairs"]),
            "scores_against_truth": score_scores(measured, part["scores"]),
        }
        log_headlines(name, truth[name])
    write_json(truth, path_to_truth)
    return truth


def read_truth_paths(source: dict) -> dict[tuple[str, str], tuple[Path, str]] | None:
    """Return path and SHA-256 of the true photos without a category by (file name, category), or None when the source has none."""
    path = locate_files(source).get("truth")
    if path is None:
        return None
    folder = Path(path).parent
    truth = TRUTH.read(path)
    return {
        (row.file_name, row.category): (folder / row.truth_path, row.truth_sha256)
        for row in truth.itertuples(index=False)
    }


def score_keywords(keyword: pd.DataFrame, sample: pd.DataFrame) -> dict:
    """Return precision, recall, F1 and the share of captions with exactly the true words, overall and by class."""
    known = sample[sample["mentions"].notna()] if "mentions" in sample else sample.iloc[:0]
    if known.empty:
        return {"f1": None, "reason": "the source does not say which words its captions mention"}
    mentions = known["mentions"].to_dict()
    row = keyword[keyword["image_id"].isin(known.index) & (keyword["status"] == "ok")]
    pairs = []
    for image_id, caption_id, words in zip(row["image_id"], row["caption_id"], row["words"], strict=True):
        pairs.append((set(words), set(mentions[image_id][int(caption_id.rsplit("-", 1)[1])])))
    classes = sorted({word for found, true in pairs for word in found | true})
    return {
        **count_words(pairs),
        "exact": count_share(sum(found == true for found, true in pairs), len(pairs)),
        "captions_not_answered": int(keyword["image_id"].isin(known.index).sum() - len(row)),
        "by_class": {name: count_words((f & {name}, t & {name}) for f, t in pairs) for name in classes},
    }


def score_keyword_labels(keyword: pd.DataFrame, sample: pd.DataFrame, labels: dict | None) -> dict:
    """Return the share of words found in captions that the photo's labels hold as well: a proxy of precision.

    People mention what is not labelled (and the other way round), so 1 is not to be had.
    """
    if labels is None:
        return {"share": None, "reason": "the source has no labels"}
    row = keyword[(keyword["status"] == "ok") & keyword["image_id"].isin(sample.index)]
    seen: dict[str, list[bool]] = {}
    for image_id, words in row.groupby("image_id")["words"]:
        objects = list_objects(labels, sample.at[image_id, "source_key"])
        if objects is not None:
            for word in {word for found in words for word in found}:
                seen.setdefault(word, []).append(word in objects)
    every = [hit for hits in seen.values() for hit in hits]
    return {
        **count_share(sum(every), len(every)),
        "by_class": {name: count_share(sum(hits), len(hits)) for name, hits in sorted(seen.items())},
    }


def score_masks(mask: pd.DataFrame, sample: pd.DataFrame, labels: dict | None) -> dict:
    """Return how detected objects and final masks agree with the labelled objects of the class in the photo.

    iou: of the detected object (before dilation, where the masks table has it) and the union of labels. precision: share of the
    detected object that is labelled. recall: share of labelled pixels that the final mask covers. spill: the final mask's area over
    the labelled area. Regions labelled as crowds count on neither side. A mask of a class without a label in its photo has IoU 0
    and no recall.
    """
    if labels is None:
        return {"iou": None, "reason": "the source has no labels"}
    if mask["listed_instances"].notna().any():
        return {"iou": None, "reason": "masks.truth is union: the masks hold the labels themselves"}
    rows, skipped = [], 0
    has_objects = "object_path" in mask
    for row in mask[mask["status"] == "ok"].to_dict("records"):
        photo = labels.get(str(sample.at[row["image_id"], "source_key"]))
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
        return {"iou": None, "reason": "no mask lies on a labelled photo", "on_unlabelled_photos": skipped}
    frame = pd.DataFrame(rows)
    return {
        "compared": "the detected object" if has_objects else "the final, dilated mask: masks.parquet has no object_path",
        **{name: summarise(frame[name]) for name in ("iou", "precision", "recall", "spill")},
        "iou_above_half": count_share(int((frame["iou"] >= 0.5).sum()), len(frame)),
        "without_label_of_class": int((~frame["labelled"]).sum()),
        "not_compared": skipped,
        "by_class": {
            name: {"n": len(part), "iou": part["iou"].mean(), "precision": part["precision"].mean(),
                   "recall": part["recall"].mean()}
            for name, part in frame.groupby("category")
        },
    }  # fmt: skip


def score_detector(mask: pd.DataFrame, sample: pd.DataFrame, labels: dict | None) -> dict:
    """Return the share of the wanted words with a labelled object on their photo that the detector found, overall and by class.

    Found is an instance at masks.target_confidence or above, wherever it lies. Words of which only a crowd is labelled do not count.
    """
    if labels is None:
        return {"share": None, "reason": "the source has no labels"}
    found: dict[str, list[bool]] = {}
    for row in mask[mask["status"] != "failed"].itertuples():
        photo = labels.get(str(sample.at[row.image_id, "source_key"]))
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
        "labelled": bool(area),
    }


def measure_edits(edit: pd.DataFrame, sample: pd.DataFrame, labels, truth_paths) -> pd.DataFrame | None:
    """Return one row an edit with a true photo: how near the hole is to it, for the edit and simple fills; else None."""
    if truth_paths is None:
        return None
    rows = []
    for row in edit[edit["status"] == "ok"].to_dict("records"):
        photo = labels[str(sample.at[row["image_id"], "source_key"])]
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


FILLS = ("edit", "telea", "mean_fill", "untouched")
MEASURED = [*(f"psnr_{name}" for name in FILLS), *(f"{what}_{name}" for what in ("variance", "sharpness")
            for name in ("edit", "telea")), "error_ratio", "object_left"]  # fmt: skip


def measure_edit(original, edited, truth, hole: np.ndarray, true_object: np.ndarray) -> dict[str, float]:
    """Measure one edit against the true photo without the object.

    psnr_*: dB inside the hole, for the edit, OpenCV's Telea fill, the mean colour of the unmasked photo, and no edit.
    variance_*, sharpness_*: |log| of the ratio to the truth of luminance variance and Laplacian variance in the hole.
    error_ratio: over the object's own pixels, mean |edit - truth| / mean |original - truth|; 0 is perfect, 1 untouched.
    object_left: how much of the difference that the object made is still there: the projection of (edit - truth) on (original
      - truth) over the same pixels; 1 untouched, 0 gone. A texture that differs from the truth does not raise it.
    """
    fills = {
        "edit": edited,
        "telea": fill_telea(original, hole),
        "mean_fill": np.broadcast_to(np.round(original[~hole].mean(axis=0)).astype(np.uint8), original.shape),
        "untouched": original,
    }
    measured = {f"psnr_{name}": measure_psnr(pixels, truth, hole) for name, pixels in fills.items()}
    gray = {name: cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for name, pixels in
            (("edit", edited), ("telea", fills["telea"]), ("truth", truth))}  # fmt: skip
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
        "texture_log_variance_ratio": {name: summarise(there[f"variance_{name}"]) for name in ("edit", "telea")},
        "texture_log_sharpness_ratio": {name: summarise(there[f"sharpness_{name}"]) for name in ("edit", "telea")},
        "object_left": summarise(there["object_left"]),
        "error_ratio": summarise(there["error_ratio"]),
        "by_class": {
            name: {"n": len(part), **{f"psnr_{fill}": part[f"psnr_{fill}"].mean() for fill in FILLS},
                   "object_left": part["object_left"].median()}
            for name, part in there.groupby("category")
        },
    }  # fmt: skip


def is_removed(
    measured: pd.DataFrame, error_cut: float = MAIN_CUT, left_cut: float = MAIN_LEFT_CUT
) -> pd.Series:
    """Tell which edits truly removed an object: its pixels came near the truth and little of the object is left."""
    near = (measured["error_ratio"] <= error_cut) & (measured["object_left"] <= left_cut)
    return (near & measured["exists"]).astype(bool)


def score_acceptance(measured: pd.DataFrame | None, mask: pd.DataFrame, pair: pd.DataFrame) -> dict:
    """Return the accepted share of wanted edits and, where the truth is known, precision and recall of acceptance.

    Truth never asks the judge: see `is_removed`. The cuts are a choice, so other cuts stand beside the main ones.
    """
    accepted = set(pair["edit_id"])
    made = mask[mask["status"] == "ok"]
    result = {
        "accepted_of_masks": count_share(int(made["edit_id"].isin(accepted).sum()), len(made)),
        "accepted_of_named_objects": count_share(int(mask["edit_id"].isin(accepted).sum()), len(mask)),
    }
    if measured is None or measured.empty:
        return {
            **result,
            "precision": None,
            "recall": None,
            "truly_removed_of_edits": None,
            "reason": "the source has no photos of what is behind its objects",
        }
    is_accepted = measured["edit_id"].isin(accepted)
    rows = []
    for error_cut, left_cut in _list_cuts():
        removed = is_removed(measured, error_cut, left_cut)
        hits = int((removed & is_accepted).sum())
        rows.append({"error_cut": error_cut, "object_left_cut": left_cut, "truly_removed": float(removed.mean()),
                     **rate(hits, int(is_accepted.sum()) - hits, int(removed.sum()) - hits)})  # fmt: skip
    removed = is_removed(measured)
    by_class = {
        name: {
            "masks": int((made["category"] == name).sum()),
            "accepted": int((is_accepted & (measured["category"] == name)).sum()),
            "truly_removed": int((removed & (measured["category"] == name)).sum()),
            "precision": count_share(int((removed & is_accepted & (measured["category"] == name)).sum()),
                                     int((is_accepted & (measured["category"] == name)).sum()))["share"],
        }
        for name in sorted(set(made["category"]))
    }  # fmt: skip
    return {
        **result,
        "definition": f"truly removed: over the object's pixels the mean error to the true photo is at most {MAIN_CUT} of "
        f"the untouched photo's, and at most {MAIN_LEFT_CUT} of the object's own contrast is left",
        "precision": count_share(int((removed & is_accepted).sum()), int(is_accepted.sum())),
        "recall": count_share(int((removed & is_accepted).sum()), int(removed.sum())),
        "truly_removed_of_edits": count_share(int(removed.sum()), len(measured)),
        "by_cut": rows,
        "by_class": by_class,
    }


def _list_cuts() -> Iterator[tuple[float, float]]:
    yield from ((cut, MAIN_LEFT_CUT) for cut in CUTS)
    yield from ((MAIN_CUT, cut) for cut in LEFT_CUTS if cut != MAIN_LEFT_CUT)


def score_scores(measured: pd.DataFrame | None, score: pd.DataFrame) -> dict:
    """Return for each quality score its AUC: the chance that a truly removed object has the higher value."""
    if measured is None or measured.empty:
        return {"auc": None, "reason": "the source has no photos of what is behind its objects"}
    joined = measured.assign(removed=is_removed(measured)).merge(score, on="edit_id", validate="one_to_one")
    result = {}
    for name in score.columns:
        if name not in NOT_SCORES and pd.api.types.is_float_dtype(score[name]):
            auc = get_auc(joined.loc[joined["removed"], name], joined.loc[~joined["removed"], name])
            separates = auc["auc"] is not None and not auc["low"] <= 0.5 <= auc["high"]
            result[name] = {**auc, "separates": separates}
    return result


def log_headlines(name: str, truth: dict) -> None:
    """Log the figures that a person looks for first."""
    logger = logging.getLogger("unscene")
    logger.info(
        "%s: keywords %s", name, {key: truth["keywords"].get(key) for key in ("precision", "recall", "f1")}
    )
    logger.info("%s: mask IoU %s", name, truth["masks"].get("iou"))
    logger.info("%s: PSNR in the hole %s", name, truth["edits"].get("psnr_db"))
    logger.info("%s: accepted %s, precision %s", name, truth["acceptance"]["accepted_of_masks"],
                truth["acceptance"].get("precision"))  # fmt: skip
    for score, auc in truth["scores_against_truth"].items():
        if isinstance(auc, dict) and auc["auc"] is not None:
            logger.info(
                "%s: AUC of %s %.3f%s",
                name,
                score,
                auc["auc"],
                "" if auc["separates"] else " (does not separate)",
            )
