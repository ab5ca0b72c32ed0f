"""Decide which edits become pairs, and say for every other wanted edit why not."""

from unscene.quality.selection import select_pairs

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        quality = snakemake.params.lineage["settings"]["quality"]
        select_pairs(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_edits=snakemake.input.edits,
            path_to_captions=snakemake.input.captions,
            path_to_scores=snakemake.input.scores,
            path_to_pairs=snakemake.output.pairs,
            path_to_rejected=snakemake.output.rejected,
            path_to_unfiltered=snakemake.output.unfiltered,
            thresholds=quality["thresholds"],
            policy=quality["policy"],
            size_bins=quality.get("size_bins"),
            path_to_calibration=snakemake.input.get("calibration"),
            path_to_certificate=snakemake.input.get("certificate"),
        )
