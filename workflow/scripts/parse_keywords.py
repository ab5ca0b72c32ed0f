"""Read the answers of one shard into a table: the words of each caption, or why there are none."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.keywords.parsing import parse_keywords

        parse_keywords(job)
