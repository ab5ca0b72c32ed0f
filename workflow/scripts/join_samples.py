"""Join the samples of all shards, drop exact duplicates and group photos that show the same thing."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.samples.joining import join_samples

        join_samples(job)
