"""Join the tables of a stage's shards into one."""

from unscene.run.joining import join_shards

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        join_shards(list(snakemake.input), snakemake.output[0])
