"""Export all pairs as WebDataset tars, for training on more of them than fit into one array."""

from unscene.training.exporting import export_pairs

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        export_pairs(
            path_to_pairs=snakemake.input.pairs,
            path_to_clip=resolve_path(settings["train"]["clip"]),
            path_to_folder=snakemake.output.folder,
            path_to_index=snakemake.output.index,
            seed=settings["seed"],
            workers=snakemake.threads,
        )
