"""Calibrate the scores on controls: which of them separate, and the cuts that faultless edits pass."""

import logging
from collections.abc import Sequence

import pandas as pd

from unscene.quality.calibration import SHAM_SCORES, find_bin, name_bins, standardise
from unscene.quality.calibration import calibrate_scores as calibrate
from unscene.quality.controls import PERFECT, SHAM
from unscene.run.tables import join_tables, read_table, write_json, write_table


def calibrate_scores(
    path_to_controls: str,
    path_to_scores: str,
    path_to_masks: str,
    path_to_calibration: str,
    path_to_standard: str,
    percentile: float,
    size_bins: list[float],
    path_to_sham: str | None = None,
    paths_to_sham_scores: Sequence[str] = (),
) -> dict:
    """Write the calibration as JSON, and each edit's scores as z-scores against the faultless edits of its size.

    `path_to_sham` is the table of the run's sham edits, None when it makes none, `paths_to_sham_scores` their scores by shard.
    """
    control = read_table(path_to_controls, ["kind", "area_fraction"])
    mask = read_table(path_to_masks, ["edit_id", "area_fraction"])[["edit_id", "area_fraction"]]
    if path_to_sham:
        sham = list_shams(
            read_table(path_to_sham, ["edit_id", "sham_of"]), join_tables(paths_to_sham_scores), mask
        )
        control = pd.concat([control, sham], ignore_index=True)
    calibration = calibrate(control, percentile, size_bins)
    if not (control["kind"] == PERFECT).any():
        calibration["reason"] = (
            "there are no controls: quality.controls is 0, or no object found room elsewhere"
        )
    score = read_table(path_to_scores, ["edit_id"])
    area = score.merge(mask, on="edit_id", how="left", validate="one_to_one")
    area = area["area_fraction"].fillna(0.0)
    bins = (
        pd.Series(name_bins(size_bins), dtype="string").iloc[find_bin(area, size_bins)].reset_index(drop=True)
    )
    standard = pd.concat(
        [score[["edit_id"]], bins.rename("size_bin"), standardise(score, area, calibration, size_bins)],
        axis=1,
    )
    write_json(calibration, path_to_calibration)
    write_table(standard, path_to_standard, ["edit_id", "size_bin", "seam_z"])
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
    return calibration


def list_shams(sham: pd.DataFrame, score: pd.DataFrame, mask: pd.DataFrame) -> pd.DataFrame:
    """Return the sham edits that were scored as rows of the controls, with the scores that judge a fill."""
    sham = sham[["edit_id", "sham_of"]].merge(
        score[score["status"] == "ok"], on="edit_id", validate="one_to_one"
    )
    sham = sham.merge(mask.rename(columns={"edit_id": "sham_of"}), on="sham_of", validate="one_to_one")
    return sham[["area_fraction", *SHAM_SCORES]].assign(kind=SHAM)
