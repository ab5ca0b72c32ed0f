"""Score the weights between the untuned and a tuned model, and choose how far to go on the inner
validation.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.weight_sweep import sweep_alphas
        from unscene.machine.fold_work import work_on_folds

        work_on_folds(job, sweep_alphas, ["model"])
