"""Calibrate the thresholds on controls: the cuts that faultless edits pass, and what these catch."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd

from unscene.machine.job import Job
from unscene.quality.calibration import SIZE_BINS, calibrate, find_bin, name_bins, standardise
from unscene.quality.columns import CONTROL_SCORES, EDIT_SCORES, STANDARD_SCORES
from unscene.quality.controls import PERFECT, SHAM
from unscene.quality.scores import SHAM_SCORES
from unscene.run.streaming import Lookup, iterate_rows
from unscene.run.tables import write_json


def calibrate_scores(job: Job) -> None:
    """Write the calibration as JSON, and each edit's scores as z-scores against the faultless edits
    of its size.

    inputs: controls, scores, masks and, when the run makes sham edits, sham and sham_scores (by
    shard); outputs: calibration, standard.
    """
    percentile = job.settings["quality"]["control_percentile"]
    control = CONTROL_SCORES.read(job.inputs.controls)
    mask = Lookup([job.inputs.masks], "edit_id", ["area_fraction"])
    if job.inputs.sham:
        control = pd.concat([control, *iterate_shams(job, mask)], ignore_index=True)
    calibration = calibrate(control, percentile, SIZE_BINS)
    if not (control["kind"] == PERFECT).any():
        calibration["reason"] = (
            "there are no controls: quality.controls is 0, or no object found room elsewhere"
        )
    write_json(calibration, job.outputs.calibration)
    names = np.array(name_bins(SIZE_BINS), object)
    with STANDARD_SCORES.open(job.outputs.standard) as writer:
        for piece in iterate_rows([job.inputs.scores], EDIT_SCORES.names):
            score = piece.to_pandas()
            area = mask.find(score["edit_id"])["area_fraction"].fillna(0.0)
            standard = standardise(score, area, calibration, SIZE_BINS)
            bins = names[find_bin(area, SIZE_BINS)]
            writer.write_frame(standard.assign(edit_id=score["edit_id"], size_bin=bins))
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


def iterate_shams(job: Job, mask: Lookup) -> Iterator[pd.DataFrame]:
    """Yield the rows of `list_shams` for all sham edits of the run, in pieces."""
    score = Lookup(job.inputs.sham_scores, "edit_id", ["status", *SHAM_SCORES])
    for piece in iterate_rows([job.inputs.sham], ["edit_id", "sham_of", "sham_kind"]):
        sham = piece.to_pandas()
        yield list_shams(
            sham,
            score.find(sham["edit_id"]).assign(edit_id=sham["edit_id"]),
            mask.find(sham["sham_of"]).assign(edit_id=sham["sham_of"]),
        )


def list_shams(sham: pd.DataFrame, score: pd.DataFrame, mask: pd.DataFrame) -> pd.DataFrame:
    """Return the sham edits that were scored as rows of the controls, with the scores that judge a fill.

    Not those over another object's edge: half an object ends in a seam, however good the fill is.
    """
    sham = sham.loc[sham["sham_kind"] != "edge", ["edit_id", "sham_of"]].merge(
        score[score["status"] == "ok"], on="edit_id", validate="one_to_one"
    )
    sham = sham.merge(mask.rename(columns={"edit_id": "sham_of"}), on="sham_of", validate="one_to_one")
    return sham[["area_fraction", *SHAM_SCORES]].assign(kind=SHAM)
