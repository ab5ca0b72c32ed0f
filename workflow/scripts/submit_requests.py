"""Send the requests of a stage to the API and collect the answers into the ledger of paid answers."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.plan.submitting import submit_requests

        submit_requests(job)
