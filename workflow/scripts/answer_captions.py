"""Answer the caption requests of one shard: by the offline grammar, or from paid answers of the Batch API."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.captions.answering import answer_captions

        answer_captions(job)
