"""Decode the photos of all pairs once, at the size that CLIP sees, for every arm, fold and seed."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.caching import cache_pairs

        cache_pairs(job)
