"""Fine-tune CLIP: one arm with one training seed, once without each fold."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.machine.fold_work import work_on_folds
        from unscene.training.train_fold import train_clip

        work_on_folds(job, train_clip)
