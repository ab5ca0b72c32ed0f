"""Decide which sham edits may be trained on, by the thresholds that judge a fill."""

from unscene.quality.sham_selection import select_sham_edits

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        select_sham_edits(
            path_to_samples=snakemake.input.samples,
            path_to_sham=snakemake.input.sham,
            path_to_captions=snakemake.input.captions,
            paths_to_scores=list(snakemake.input.scores),
            path_to_table=snakemake.output[0],
            thresholds=snakemake.params.lineage["settings"]["quality"]["thresholds"],
        )
