"""Score one model on the held-out pairs of its fold and on its untouched photos."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.evaluate_fold import evaluate_clip

        evaluate_clip(job)
