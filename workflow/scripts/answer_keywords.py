"""Answer the keyword requests of one shard: from the lexicon, or from paid answers of the Batch API."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.keywords.answering import answer_keywords

        answer_keywords(job)
