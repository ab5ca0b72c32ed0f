"""Can this CLIP be trained as the arms ask? Told before GPU hours are spent on pairs."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.training.clip_check import check_clip

        check_clip(job)
