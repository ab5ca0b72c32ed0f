"""Split photo groups into cross-validation folds, and categories into leave-class-out folds."""

from unscene.folds.splitting import split_folds

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        split_folds(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_folds=snakemake.output.folds,
            path_to_classes=snakemake.output.classes,
            folds=settings["folds"]["folds"],
            duplicate_hash_distance=settings["folds"]["duplicate_hash_distance"],
            seed=settings["seed"],
        )
