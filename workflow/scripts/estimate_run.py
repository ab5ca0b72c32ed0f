"""Estimate what the configured run will cost before anything is spent: tokens, dollars, GPU hours, bytes, files."""

from unscene.plan.estimate import estimate_run, measure_weights

if __name__ == "__main__":
    from unscene.run.checkout import CHECKOUT, resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        estimate_run(
            path_to_plan=snakemake.output[0],
            path_to_prices=resolve_path(settings["plan"]["prices"]),
            path_to_throughput=resolve_path("src/unscene/resources/throughput.yaml"),
            settings=settings,
            clip_bytes=measure_weights(CHECKOUT / settings["train"]["clip"]),
        )
