"""Score each model of an arm and seed on the pairs of the categories that it was not trained on."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.evaluate_unseen import evaluate_unseen_classes
        from unscene.machine.fold_work import work_on_folds

        work_on_folds(job, evaluate_unseen_classes, ["model"])
