"""List the untouched photos of every fold with their captions and objects: what retrieval and absence are tested on."""

from unscene.evaluation.untouched_photos import list_untouched_photos

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        list_untouched_photos(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_folds=snakemake.input.folds,
            path_to_photos=snakemake.output.photos,
            sources={source["name"]: source for source in settings["samples"]["sources"]},
            max_photos=settings["evaluate"]["max_photos"],
            seed=settings["seed"],
        )
