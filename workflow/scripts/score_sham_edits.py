"""Score the sham edits of one shard by their pixels: is the rest untouched, is there a seam, is the
hole blurred?
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.sham_scoring import score_sham_edits

        score_sham_edits(job)
