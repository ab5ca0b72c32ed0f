"""Find photos of evaluation sets among the samples: they and their groups are kept out of training."""

from unscene.folds.leaks import find_leaks

if __name__ == "__main__":
    from pathlib import Path

    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        find_leaks(
            path_to_samples=snakemake.input.samples,
            path_to_leaks=snakemake.output.leaks,
            guards=settings["folds"]["leak_guards"],
            hash_tables={Path(path).stem: path for path in snakemake.input.hashes},
            coco_sources=[
                source["name"] for source in settings["samples"]["sources"] if source["format"] == "coco"
            ],
            distance=settings["folds"]["duplicate_hash_distance"],
            resolve=resolve_path,
        )
