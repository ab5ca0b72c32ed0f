"""Build the requests of the batch-size study: the same captions in prompts of every size that is tried."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.batchsize.requests import build_batchsize_requests

        build_batchsize_requests(job)
