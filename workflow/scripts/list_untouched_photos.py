"""List the untouched photos of every fold with their captions and objects: what retrieval and
absence are tested on.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.evaluation.untouched_photos import list_untouched_photos

        list_untouched_photos(job)
