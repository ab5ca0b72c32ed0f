"""Draw what "..., no dog" finds before and after tuning: the first photos of a few queries over a held-out fold."""

from unscene.report.retrieval_picture import FOLD, draw_retrieval

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        draw_retrieval(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_clip=resolve_path(settings["train"]["clip"]),
            path_to_model=snakemake.input.model,
            path_to_figure=snakemake.output.figure,
            path_to_found=snakemake.output.found,
            arm=settings["deploy"]["arm"],
            fold=FOLD,
            seed=settings["seed"],
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
        )
