"""Judge the main arm by the pass rule: which part holds, which fails, and which nobody measured."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.verdict import apply_pass_rule

        apply_pass_rule(job)
