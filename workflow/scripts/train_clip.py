"""Fine-tune CLIP: one arm on the training pairs of one fold, with one training seed."""

from unscene.training.train_fold import train_clip

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.lineage import digest
    from unscene.run.logs import log_job

    with log_job(snakemake):
        train_clip(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_leaks=snakemake.input.leaks,
            path_to_clip=resolve_path(snakemake.params.lineage["settings"]["train"]["clip"]),
            path_to_photos=snakemake.input.photos,
            path_to_index=snakemake.input.index,
            path_to_controls=[*snakemake.input.get("controls", []), None][0],
            path_to_classes=snakemake.input.get("classes"),
            path_to_model=snakemake.output.model,
            path_to_state=f"{snakemake.output.model}.pt".replace("results/models", "state/train", 1),
            arm=snakemake.wildcards.arm,
            fold=int(snakemake.wildcards.fold),
            training_seed=int(snakemake.wildcards.seed),
            settings=snakemake.params.lineage["settings"],
            runtime=snakemake.config["runtime"],
            threads=snakemake.threads,
            settings_hash=digest(snakemake.params.lineage),
            held_out_share=snakemake.params.lineage["settings"]["captions"]["held_out_share"],
        )
