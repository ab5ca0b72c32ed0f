"""Stop the run when a group, a near-duplicate or a sham edit stands on both sides of a fold."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.folds.checking import check_folds

        check_folds(job)
