"""Export the chosen model as an open_clip folder and check that plain open_clip gives the same embeddings."""

from unscene.deploy.export import export_clip

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        export_clip(
            path_to_model=[*snakemake.input.get("model"), resolve_path(settings["train"]["clip"])][0],
            path_to_pairs=snakemake.input.pairs,
            path_to_deploy=snakemake.output.folder,
            arm=settings["deploy"]["arm"],
            runtime=snakemake.config["runtime"],
            device="cpu",
            threads=snakemake.threads,
        )
