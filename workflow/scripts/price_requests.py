"""Price the requests of a stage: what the configured model would cost, and what the answers did cost."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.answers.pricing import price_requests

        price_requests(job)
