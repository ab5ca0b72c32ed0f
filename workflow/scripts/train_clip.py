"""Fine-tune CLIP: one arm on the training pairs of one fold, with one training seed."""

from unscene.pairs import read_pairs, split_pairs
from unscene.training import fine_tune
from unscene.wise_ft import mark_inner


def train_clip(
    path_to_pairs, path_to_folds, path_to_clip, path_to_model, arm, fold, training_seed, settings, **run
):
    """Train on the pairs of all folds but one and write the model folder.

    settings: the step's config (`seed`, `arm`: this arm's entry, `train`: steps, rates ...). run: runtime, device,
    threads, settings_hash, as `unscene.training.fine_tune` takes them.
    """
    pair, _ = split_pairs(read_pairs(path_to_pairs, path_to_folds), fold)
    pair = pair[~mark_inner(pair["group"], settings["train"].get("inner_share", 0), settings["seed"])]
    fine_tune(
        pair,
        path_to_clip,
        path_to_model,
        name=arm,
        arm=settings["arm"],
        settings={key: value for key, value in settings["train"].items() if key != "clip"},
        seeds=(settings["seed"], fold, training_seed),
        **run,
    )


if __name__ == "__main__":
    from unscene.checkout import resolve_path
    from unscene.devices import lease_device
    from unscene.lineage import digest
    from unscene.logs import log_job

    with log_job(snakemake):
        train_clip(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_clip=resolve_path(snakemake.params.lineage["settings"]["train"]["clip"]),
            path_to_model=snakemake.output.model,
            arm=snakemake.wildcards.arm,
            fold=int(snakemake.wildcards.fold),
            training_seed=int(snakemake.wildcards.seed),
            settings=snakemake.params.lineage["settings"],
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
            settings_hash=digest(snakemake.params.lineage),
        )
