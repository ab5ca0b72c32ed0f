"""Build the requests that ask which words the captions of one shard mention."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.keywords.requests import build_keyword_requests

        build_keyword_requests(job)
