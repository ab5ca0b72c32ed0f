"""Join the tested pairs of all arms; write each arm's scores and the contrasts between arms, with
intervals.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.comparison import compare_arms

        compare_arms(job)
