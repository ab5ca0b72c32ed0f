"""Hash the photos of a leak guard's folder, once."""

from unscene.folds.guard_hashes import hash_guarded_photos

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        guards = snakemake.params.lineage["settings"]["folds"]["leak_guards"]
        guard = next(guard for guard in guards if guard["name"] == snakemake.wildcards.guard)
        hash_guarded_photos(resolve_path(guard["images"]), snakemake.output.hashes, snakemake.threads)
