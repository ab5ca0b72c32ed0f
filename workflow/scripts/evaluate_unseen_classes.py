"""Score a model on the pairs of the categories that it was not trained on."""

from unscene.evaluation.evaluate_unseen import evaluate_unseen_classes

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.logs import log_job

    with log_job(snakemake):
        evaluate_unseen_classes(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_classes=snakemake.input.classes,
            path_to_clip=snakemake.input.model,
            path_to_metrics=snakemake.output.metrics,
            path_to_items=snakemake.output.item_table,
            arm=snakemake.wildcards.arm,
            fold=int(snakemake.wildcards.fold),
            seed=int(snakemake.wildcards.seed),
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
        )
