"""Score the sham edits of one shard by their pixels: is the rest untouched, is there a seam, is the hole blurred?"""

from unscene.quality.sham_scoring import score_sham_edits

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        score_sham_edits(
            path_to_samples=snakemake.input.samples,
            path_to_sham=snakemake.input.sham,
            path_to_table=snakemake.output[0],
            runtime=snakemake.config["runtime"],
        )
