"""Put what models score on categories that they never saw removed beside what they score on them
otherwise.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.unseen_classes import compare_unseen_classes

        compare_unseen_classes(job)
