"""Decode the photos of the pool once, at the size that CLIP sees."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.pool_cache import cache_pool

        cache_pool(job)
