"""Measure the batch-size study: accuracy, form, position and cost of every arm, and the number that they allow."""

from unscene.batchsize.measuring import measure_batchsize

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        labels = settings["batchsize"]["labels"]
        measure_batchsize(
            paths={**dict(snakemake.input.items()), **dict(snakemake.output.items())},
            settings=settings["batchsize"],
            path_to_prices=resolve_path(settings["plan"]["prices"]),
            model=settings["api"]["model"],
            path_to_labels=resolve_path(labels) if labels else None,
        )
