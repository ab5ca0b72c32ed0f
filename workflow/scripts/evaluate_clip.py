"""Score one model on the held-out pairs of its fold."""

from unscene.evaluation.evaluate_fold import evaluate_clip

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        weights = snakemake.params.lineage["settings"]["train"]["clip"]
        # The arm's own entry is part of the lineage of train_clip, which is a parent: a change of it comes here, too.
        arm = snakemake.config["train"]["arms"][snakemake.wildcards.arm]
        evaluate_clip(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_photos=snakemake.input.photos,
            path_to_controls=[*snakemake.input.get("controls", []), None][0],
            path_to_clip=[*snakemake.input.get("model"), resolve_path(weights)][0],
            paths_to_tables=dict(snakemake.output.items()),
            arm=snakemake.wildcards.arm,
            fold=int(snakemake.wildcards.fold),
            seed=int(snakemake.wildcards.seed),
            query_weight=arm.get("query_weight"),
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
        )
