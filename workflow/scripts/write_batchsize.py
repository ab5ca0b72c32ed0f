"""Write up the batch-size study: the figure of accuracy and cost against n, and its text for a paper."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.batchsize.writing import write_batchsize

        write_batchsize(job)
