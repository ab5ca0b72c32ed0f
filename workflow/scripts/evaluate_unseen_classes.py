"""Score a model on the pairs of the categories that it was not trained on."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.evaluate_unseen import evaluate_unseen_classes

        evaluate_unseen_classes(job)
