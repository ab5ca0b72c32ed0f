"""Calibrate the scores on controls: which of them separate, and the cuts that faultless edits pass."""

from unscene.quality.control_calibration import calibrate_scores

if __name__ == "__main__":
    from unscene.run.logs import log_job

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
            path_to_sham=snakemake.input.get("sham"),
            paths_to_sham_scores=snakemake.input.get("sham_scores", []),
        )
