"""Measure how the words of lexicon, API, instances and known mentions agree, word by word."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.mention_agreement import measure_agreement

        measure_agreement(job)
