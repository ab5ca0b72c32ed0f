"""Check what is trained and tested on: no group, near-duplicate, pair or sham edit stands on both sides of a fold."""

from unscene.folds.checking import check_folds

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        check_folds(
            path_to_samples=snakemake.input.samples,
            path_to_pairs=snakemake.input.pairs,
            path_to_unfiltered=snakemake.input.unfiltered,
            path_to_folds=snakemake.input.folds,
            path_to_leaks=snakemake.input.leaks,
            path_to_controls=[*snakemake.input.get("controls", []), None][0],
            path_to_check=snakemake.output.check,
            folds=settings["folds"]["folds"],
            distance=settings["folds"]["duplicate_hash_distance"],
        )
