"""Score the models of an arm and seed, each on the pairs and untouched photos of its fold."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.evaluate_fold import evaluate_clip
        from unscene.machine.fold_work import work_on_folds

        work_on_folds(job, evaluate_clip, ["model"])
