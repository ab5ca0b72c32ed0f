"""Render the embedded dataset: photos, captions and exact masks in COCO's format, and the truth behind each object."""

from pathlib import Path

from unscene.scenes.rendering import render_scenes

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        source = snakemake.params.lineage["settings"]["source"]
        render_scenes(
            path_to_folder=Path(snakemake.output.captions).parent,
            name=source["name"],
            photos=source["photos"],
            seed=source["seed"],
            size=64,
        )
