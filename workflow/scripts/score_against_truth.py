"""Score keywords, masks, edits and the acceptance of edits against the truth, for the sources that
know it.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.truth import score_against_truth

        score_against_truth(job)
