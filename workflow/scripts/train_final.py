"""Fine-tune CLIP for deployment: one arm on all pairs, with training seed 0."""

from unscene.pairs import read_pairs
from unscene.training import fine_tune


def train_final(path_to_pairs, path_to_clip, path_to_model, arm, settings, **run):
    """Train on all pairs and write the model folder; what to expect of it is what the folds' models scored.

    settings: the step's config (`seed`, `arm`: this arm's entry, `train`: steps, rates ...). run: runtime, device,
    threads, settings_hash, as `unscene.training.fine_tune` takes them.
    """
    fine_tune(
        read_pairs(path_to_pairs),
        path_to_clip,
        path_to_model,
        name=arm,
        arm=settings["arm"],
        settings={key: value for key, value in settings["train"].items() if key != "clip"},
        seeds=(settings["seed"], "all", 0),
        **run,
    )


if __name__ == "__main__":
    from unscene.checkout import resolve_path
    from unscene.devices import lease_device
    from unscene.lineage import digest
    from unscene.logs import log_job

    with log_job(snakemake):
        train_final(
            path_to_pairs=snakemake.input.pairs,
            path_to_clip=resolve_path(snakemake.params.lineage["settings"]["train"]["clip"]),
            path_to_model=snakemake.output.model,
            arm=snakemake.wildcards.arm,
            settings=snakemake.params.lineage["settings"],
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
            settings_hash=digest(snakemake.params.lineage),
        )
