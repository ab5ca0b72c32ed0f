"""Find photos of evaluation sets among the samples: they and their groups are kept out of training."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.folds.leaks import find_leaks

        find_leaks(job)
