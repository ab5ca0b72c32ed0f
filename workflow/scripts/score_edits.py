"""Score every edit of one shard: is the file sound, did anything change, is there a seam, is the
object gone?
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.scoring import score_edits

        score_edits(job)
