"""Build the requests that ask for the captions of the edits of one shard: without the object, and saying so."""

from unscene.captions.requests import build_caption_requests

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        offline = settings["captions"]["backend"] != "openai"
        build_caption_requests(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_masks=snakemake.input.masks,
            path_to_requests=snakemake.output.requests,
            held_out_share=settings["captions"]["held_out_share"],
            seed=settings["seed"],
            model=settings["captions"]["backend"] if offline else settings["api"]["model"],
        )
