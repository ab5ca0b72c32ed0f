"""Fine-tune CLIP for deployment: one arm on all pairs, with training seed 0."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.train_final import train_final

        train_final(job)
