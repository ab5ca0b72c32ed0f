"""Score keywords, masks, edits and the acceptance of edits against the truth, for the sources that know it."""

from unscene.evaluation.truth import score_against_truth

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        score_against_truth(
            paths={
                name: snakemake.input[name]
                for name in ("samples", "keywords", "masks", "edits", "scores", "pairs")
            },
            path_to_truth=snakemake.output[0],
            sources=snakemake.params.lineage["settings"]["samples"]["sources"],
        )
