"""Calibrate the thresholds on controls: the cuts that faultless edits pass, and what these catch."""

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
        sham = SHAM_EDITS.read(job.inputs.sham, ["edit_id", "sham_of", "sham_kind"])
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
    """Log what the cut of each threshold catches, and warn of those that are not used."""
    logger = logging.getLogger("unscene")
    for key, entry in calibration["thresholds"].items():
        if entry["kept"]:
            shares = {kind: round(entry["caught"][kind]["share"], 3) for kind in entry["kept_for"]}
            logger.info("%s is kept: its cut catches %s", key, shares)
        else:
            logger.warning("%s is not used under calibrated limits: %s", key, entry["reason"])


def list_shams(sham: pd.DataFrame, score: pd.DataFrame, mask: pd.DataFrame) -> pd.DataFrame:
    """Return the sham edits that were scored as rows of the controls, with the scores that judge a fill.

    Not those over another object's edge: half an object ends in a seam, however good the fill is.
    """
    sham = sham.loc[sham["sham_kind"] != "edge", ["edit_id", "sham_of"]].merge(
        score[score["status"] == "ok"], on="edit_id", validate="one_to_one"
    )
    sham = sham.merge(mask.rename(columns={"edit_id": "sham_of"}), on="sham_of", validate="one_to_one")
    return sham[["area_fraction", *SHAM_SCORES]].assign(kind=SHAM)
