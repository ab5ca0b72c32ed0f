"""What a training step of this CLIP takes on this device."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.timing import time_training

        time_training(job)
