"""Compare, class by class, the accepted edits with real photos without the class, as sets."""

from unscene.machine.batching import prepare_torch
from unscene.quality.set_comparison import compare_sets, load_embedder

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.logs import log_job

    with log_job(snakemake):
        runtime = snakemake.config["runtime"]
        settings = snakemake.params.lineage["settings"]
        device = lease_device(runtime)
        prepare_torch(device, snakemake.threads)
        compare_sets(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_masks=snakemake.input.masks,
            path_to_pairs=snakemake.input.pairs,
            path_to_table=snakemake.output[0],
            seed=settings["seed"],
            embed=load_embedder(settings["train"]["clip"], device, runtime["batch_size"]),
        )
