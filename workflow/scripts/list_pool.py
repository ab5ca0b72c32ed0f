"""List the pool: which photos may be trained on, and what is known to be on each."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.pool.listing import list_pool

        list_pool(job)
