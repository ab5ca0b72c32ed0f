"""Decode the photos of all pairs once, at the size that CLIP sees, for every arm, fold and seed."""

from unscene.training.caching import cache_pairs

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        cache_pairs(
            path_to_pairs=snakemake.input.pairs,
            path_to_controls=[*snakemake.input.get("controls", []), None][0],
            path_to_clip=resolve_path(snakemake.params.lineage["settings"]["train"]["clip"]),
            path_to_photos=snakemake.output.photos,
            path_to_index=snakemake.output.index,
            workers=snakemake.threads,
        )
