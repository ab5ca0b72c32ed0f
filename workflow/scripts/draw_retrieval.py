"""Draw what "..., no dog" finds before and after tuning: the first photos of a few queries over a
held-out fold.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.report.retrieval_picture import draw_retrieval

        draw_retrieval(job)
