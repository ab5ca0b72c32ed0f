"""Read the photos and captions of one shard of a source; what cannot be used becomes a row with a reason."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.samples.reading import read_samples

        read_samples(job)
