"""Join the samples of all shards: drop exact duplicates, and put photos that show the same thing into one group."""

from unscene.samples.joining import join_samples

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        join_samples(
            paths_to_parts=list(snakemake.input.tables),
            paths_to_rejected=list(snakemake.input.rejected),
            path_to_samples=snakemake.output.samples,
            path_to_rejected=snakemake.output.rejected,
            duplicate_hash_distance=snakemake.params.lineage["settings"]["samples"][
                "duplicate_hash_distance"
            ],
        )
