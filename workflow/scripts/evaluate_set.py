"""Score the models of one arm, or one named checkpoint, on one evaluation set."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.evaluate_set import evaluate_set

        evaluate_set(job)
