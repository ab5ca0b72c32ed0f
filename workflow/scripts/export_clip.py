"""Export the chosen model as an open_clip folder and check that plain open_clip gives the same embeddings."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.deploy.export import export_clip

        export_clip(job)
