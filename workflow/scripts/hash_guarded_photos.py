"""Hash the photos of a leak guard's folder, once."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.folds.guard_hashes import hash_guarded_photos

        hash_guarded_photos(job)
