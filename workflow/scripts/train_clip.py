"""Fine-tune CLIP: one arm on the training pairs of one fold, with one training seed."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.train_fold import train_clip

        train_clip(job)
