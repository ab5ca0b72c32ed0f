"""Write the accepted pairs as a dataset folder that may be shared."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.publish.publishing import publish_pairs

        publish_pairs(job)
