"""Build the requests of the batch-size study: the same captions in prompts of every size that is tried."""

from unscene.batchsize.requests import build_batchsize_requests

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        offline = settings["keywords"]["backend"] != "openai"
        build_batchsize_requests(
            paths_to_samples=snakemake.input,
            paths=dict(snakemake.output.items()),
            settings=settings["batchsize"],
            seed=settings["seed"],
            model=settings["keywords"]["backend"] if offline else settings["api"]["model"],
        )
