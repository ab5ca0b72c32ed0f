"""Measure, class by class, how far the accepted edits lie, as a set, from real photos without the class."""

from unscene.machine.batching import prepare_torch
from unscene.quality.distances import load_embedder, measure_distances

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.logs import log_job

    with log_job(snakemake):
        runtime = snakemake.config["runtime"]
        settings = snakemake.params.lineage["settings"]
        device = lease_device(runtime)
        prepare_torch(device, snakemake.threads)
        measure_distances(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_masks=snakemake.input.masks,
            path_to_pairs=snakemake.input.pairs,
            path_to_table=snakemake.output[0],
            seed=settings["seed"],
            embed=load_embedder(settings["train"]["clip"], device, runtime["batch_size"]),
        )
