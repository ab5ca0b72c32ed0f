"""List the true pictures behind removed objects, where a source knows them."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.true_pictures import list_true_pictures

        list_true_pictures(job)
