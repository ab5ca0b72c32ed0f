"""Make controls, edits whose answer is known, from the run's photos and masks, and score them like
any edit.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.control_scoring import score_controls

        score_controls(job)
