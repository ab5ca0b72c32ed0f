"""Decode the photos of the sham edits once, for the arms that show them."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.caching import cache_sham

        cache_sham(job)
