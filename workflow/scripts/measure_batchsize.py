"""Measure the batch-size study: accuracy, form, position and cost of every size, and the number
that they allow.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.batchsize.measuring import measure_batchsize

        measure_batchsize(job)
