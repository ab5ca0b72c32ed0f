"""Build the requests that ask which of the 80 words the captions of one shard mention."""

from unscene.keywords.requests import build_keyword_requests
from unscene.run.configuration import read_chosen

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        keywords = snakemake.params.lineage["settings"]["keywords"]
        offline = keywords["backend"] != "openai"
        if snakemake.input.chosen:  # captions_per_prompt: auto
            keywords = {**keywords, "captions_per_prompt": read_chosen(str(snakemake.input.chosen))}
        build_keyword_requests(
            path_to_samples=snakemake.input.samples,
            path_to_requests=snakemake.output.requests,
            settings=keywords,
            model=keywords["backend"] if offline else snakemake.params.lineage["settings"]["api"]["model"],
        )
