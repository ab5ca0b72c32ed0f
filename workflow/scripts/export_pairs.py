"""Export all pairs as WebDataset tars, for training on more of them than fit into one array."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.exporting import export_pairs

        export_pairs(job)
