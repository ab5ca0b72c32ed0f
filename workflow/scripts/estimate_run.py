"""Estimate what the configured run will cost before anything is spent: tokens, dollars, GPU hours,
bytes, files.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.plan.estimate import estimate_run

        estimate_run(job)
