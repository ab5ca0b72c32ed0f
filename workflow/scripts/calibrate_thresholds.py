"""Calibrate acceptance on people's labels: agreement, the learned head, and the operating point that a defect rate allows."""

from pathlib import Path

from unscene.quality.labelled import calibrate_thresholds

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        calibrate_thresholds(
            paths_to_labels=[path for path in snakemake.input.labels if Path(path).suffix == ".jsonl"],
            path_to_scores=snakemake.input.scores,
            path_to_masks=snakemake.input.masks,
            path_to_edits=snakemake.input.edits,
            path_to_samples=snakemake.input.samples,
            path_to_certificate=snakemake.output.certificate,
            path_to_head_scores=snakemake.output.head_scores,
            path_to_disagreements=snakemake.output.disagreements,
            max_defect_rate=snakemake.params.lineage["settings"]["quality"]["max_defect_rate"],
        )
