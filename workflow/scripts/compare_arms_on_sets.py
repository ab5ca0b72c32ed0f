"""Compare arms on external evaluation sets: the same items, scored by every fold's model of either arm."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.set_comparison import compare_arms_on_sets

        compare_arms_on_sets(job)
