"""Make controls, edits whose answer is known, from the run's photos and masks, and score them like any edit."""

from unscene.machine.batching import prepare_torch
from unscene.quality.control_scoring import score_controls
from unscene.quality.edit_scores import load_clip_scorer, load_dino, load_judge

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.logs import log_job

    with log_job(snakemake):
        runtime = snakemake.config["runtime"]
        settings = snakemake.params.lineage["settings"]
        quality = settings["quality"]
        device = lease_device(runtime)
        prepare_torch(device, snakemake.threads)
        score_controls(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_table=snakemake.output[0],
            controls=quality["controls"],
            size_bins=quality["size_bins"],
            seed=settings["seed"],
            judge=load_judge(
                quality["judge"],
                quality["judge_image_size"],
                device,
                runtime,
                snakemake.config["quality"]["judge_sha256"],
            ),
            judge_confidence=quality["judge_confidence"],
            clip=load_clip_scorer(
                settings["train"]["clip"], device, runtime["batch_size"], runtime["compile"]
            ),
            dino=load_dino(quality["dino"], device, runtime["batch_size"]),
            runtime=runtime,
        )
