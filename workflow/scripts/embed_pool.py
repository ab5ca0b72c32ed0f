"""Embed the photos of the pool once, for arms that leave the image tower as it is."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.pool_cache import embed_pool

        embed_pool(job)
