"""Look for every word on the photos of a pool whose source lists no objects."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.masks.pool_objects import detect_objects

        detect_objects(job)
