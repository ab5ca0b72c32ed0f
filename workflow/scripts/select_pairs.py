"""Decide which edits become pairs, and say for every other wanted edit why not."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.selection import select_pairs

        select_pairs(job)
