"""Put what models score on categories that they never saw removed beside what they score on the same pairs otherwise."""

from unscene.evaluation.unseen_classes import compare_unseen_classes

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        compare_unseen_classes(
            paths_to_unseen=list(snakemake.input.unseen),
            path_to_items=snakemake.input.items_of_folds,
            path_to_table=snakemake.output.table,
            path_to_summary=snakemake.output.summary,
            settings=snakemake.params.lineage["settings"]["evaluate"],
            seed=snakemake.params.lineage["settings"]["seed"],
        )
