"""Remove the masked object of each wanted edit of a shard, try again where cheap checks fail, and
keep the result.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.edits.removing import remove_objects

        remove_objects(job)
