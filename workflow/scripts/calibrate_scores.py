"""Calibrate the scores on control edits: which of them separate, and the cuts that perfect controls pass."""

import logging

import pandas as pd

from unscene.quality.calibration import calibrate_scores as calibrate
from unscene.quality.calibration import find_bin, name_bins, standardise
from unscene.quality.control_edits import PERFECT
from unscene.tables import read_table, write_json, write_table


def calibrate_scores(
    path_to_controls: str,
    path_to_scores: str,
    path_to_masks: str,
    path_to_calibration: str,
    path_to_standard: str,
    percentile: float,
    size_bins: list[float],
) -> dict:
    """Write the calibration as JSON, and each edit's scores as z-scores against the perfect controls of its size."""
    control = read_table(path_to_controls, ["kind", "area_fraction"])
    calibration = calibrate(control, percentile, size_bins)
    if not (control["kind"] == PERFECT).any():
        calibration["reason"] = (
            "there are no controls: quality.controls is 0, or no object found room elsewhere"
        )
    score = read_table(path_to_scores, ["edit_id"])
    mask = read_table(path_to_masks, ["edit_id", "area_fraction"])
    area = score.merge(mask[["edit_id", "area_fraction"]], on="edit_id", how="left", validate="one_to_one")
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
        known = {kind: round(auc["auc"], 3) for kind, auc in entry["auc"].items() if auc["auc"] is not None}
        logging.getLogger("unscene").info(
            "%s: AUC %s; %s", name, known, "separates" if entry["separates"] else entry["reason"]
        )
    return calibration


if __name__ == "__main__":
    from unscene.logs import log_job

    with log_job(snakemake):
        quality = snakemake.params.lineage["settings"]["quality"]
        calibrate_scores(
            path_to_controls=snakemake.input.controls,
            path_to_scores=snakemake.input.scores,
            path_to_masks=snakemake.input.masks,
            path_to_calibration=snakemake.output.calibration,
            path_to_standard=snakemake.output.standard,
            percentile=quality["control_percentile"],
            size_bins=quality["size_bins"],
        )
