"""Split photo groups into cross-validation folds, and categories into leave-class-out folds."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.folds.splitting import split_folds

        split_folds(job)
