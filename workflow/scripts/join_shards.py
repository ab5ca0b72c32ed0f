"""Join the tables of a stage's shards into one."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.machine.joining import join_shards

        join_shards(job)
