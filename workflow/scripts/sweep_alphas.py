"""Score the weights between the untuned and a tuned model, and choose how far to go on the inner validation."""

from unscene.evaluation.weight_sweep import sweep_alphas

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        sweep_alphas(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_photos=snakemake.input.photos,
            path_to_untuned=resolve_path(settings["train"]["clip"]),
            path_to_tuned=snakemake.input.model,
            path_to_sweep=snakemake.output.sweep,
            path_to_items=snakemake.output.item_table,
            arm=snakemake.wildcards.arm,
            fold=int(snakemake.wildcards.fold),
            training_seed=int(snakemake.wildcards.seed),
            alphas=settings["evaluate"]["alphas"],
            inner_share=settings["train"]["inner_share"],
            seed=settings["seed"],
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
        )
