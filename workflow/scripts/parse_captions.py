"""Read the answers of one shard into a table: the captions of each edit, with a plain template
where they fail.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.captions.parsing import parse_captions

        parse_captions(job)
