"""Decide which sham edits may be trained on, by the thresholds that judge a fill."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.sham_selection import select_sham_edits

        select_sham_edits(job)
