"""Score one model on the sham edits of its fold."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.evaluate_sham import evaluate_sham

        evaluate_sham(job)
