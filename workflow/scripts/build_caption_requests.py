"""Build the requests that ask for the captions of the edits of one shard: without the object, and
saying so.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.captions.requests import build_caption_requests

        build_caption_requests(job)
