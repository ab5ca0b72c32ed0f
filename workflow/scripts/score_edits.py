"""Score every edit of one shard: is the file sound, did anything change, is there a seam, is the object gone?"""

from unscene.machine.batching import prepare_torch
from unscene.quality.edit_scores import load_clip_scorer, load_dino, load_judge
from unscene.quality.scoring import score_edits

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.machine.scratch import find_timing, open_scratch
    from unscene.run.logs import log_job

    with log_job(snakemake):
        runtime = snakemake.config["runtime"]
        settings = snakemake.params.lineage["settings"]
        device = lease_device(runtime)
        prepare_torch(device, snakemake.threads)
        score_edits(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_edits=snakemake.input.edits,
            path_to_table=snakemake.output.table,
            judge=load_judge(
                settings["quality"]["judge"],
                settings["quality"]["judge_image_size"],
                device,
                runtime,
                snakemake.config["quality"]["judge_sha256"],
            ),
            judge_confidence=settings["quality"]["judge_confidence"],
            clip=load_clip_scorer(
                settings["train"]["clip"], device, runtime["batch_size"], runtime["compile"]
            ),
            dino=load_dino(settings["quality"]["dino"], device, runtime["batch_size"]),
            runtime=runtime,
            scratch=open_scratch(snakemake),
            path_to_timing=find_timing(snakemake),
        )
