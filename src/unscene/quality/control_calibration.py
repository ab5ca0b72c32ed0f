"""Calibrate the scores on controls: which of them separate, and the cuts that faultless edits pass."""

import logging

import pandas as pd

from unscene.edits.columns import SHAM_EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.quality.calibration import SIZE_BINS, calibrate, find_bin, name_bins, standardise
from unscene.quality.columns import CONTROL_SCORES, EDIT_SCORES, STANDARD_SCORES
from unscene.quality.controls import PERFECT, SHAM
from unscene.quality.scores import SHAM_SCORES
from unscene.run.tables import join_tables, write_json


def calibrate_scores(job: Job) -> None:
    """Write the calibration as JSON, and each edit's scores as z-scores against the faultless edits
    of its size.

    inputs: controls, scores, masks and, when the run makes sham edits, sham and sham_scores (by
    shard); outputs: calibration, standard.
    """
    percentile = job.settings["quality"]["control_percentile"]
    control = CONTROL_SCORES.read(job.inputs.controls)
    mask = MASKS.read(job.inputs.masks, ["edit_id", "area_fraction"])
    if job.inputs.sham:
        sham = SHAM_EDITS.read(job.inputs.sham, ["edit_id", "sham_of"])
        score = join_tables(job.inputs.sham_scores)
        control = pd.concat([control, list_shams(sham, score, mask)], ignore_index=True)
    calibration = calibrate(control, percentile, SIZE_BINS)
    if not (control["kind"] == PERFECT).any():
        calibration["reason"] = (
            "there are no controls: quality.controls is 0, or no object found room elsewhere"
        )
    write_json(calibration, job.outputs.calibration)
    score = EDIT_SCORES.read(job.inputs.scores)
    area = score.merge(mask, on="edit_id", how="left", validate="one_to_one")["area_fraction"].fillna(0.0)
    bins = pd.Series(name_bins(SIZE_BINS)).iloc[find_bin(area, SIZE_BINS)].reset_index(drop=True)
    standard = standardise(score, area, calibration, SIZE_BINS)
    STANDARD_SCORES.write(standard.assign(edit_id=score["edit_id"], size_bin=bins), job.outputs.standard)
    log_calibration(calibration)


def log_calibration(calibration: dict) -> None:
    """Log how well each score tells the failures from the perfect edits and from the sham edits."""
    for name, entry in calibration["scores"].items():
        known = {
            against: {
                kind: round(auc["auc"], 3) for kind, auc in entry[key].items() if auc["auc"] is not None
            }
            for against, key in ((PERFECT, "auc"), (SHAM, "auc_sham"))
        }
        logging.getLogger("unscene").info(
            "%s: AUC %s; %s", name, known, "separates" if entry["separates"] else entry["reason"]
        )


def list_shams(sham: pd.DataFrame, score: pd.DataFrame, mask: pd.DataFrame) -> pd.DataFrame:
    """Return the sham edits that were scored as rows of the controls, with the scores that judge a fill."""
    sham = sham[["edit_id", "sham_of"]].merge(
        score[score["status"] == "ok"], on="edit_id", validate="one_to_one"
    )
    sham = sham.merge(mask.rename(columns={"edit_id": "sham_of"}), on="sham_of", validate="one_to_one")
    return sham[["area_fraction", *SHAM_SCORES]].assign(kind=SHAM)
