"""Find the objects that the captions mention and write one mask per wanted edit."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.masks.segmentation import segment_objects

        segment_objects(job)
