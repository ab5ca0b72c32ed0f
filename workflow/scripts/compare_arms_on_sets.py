"""Compare arms on external evaluation sets: the same items, scored by every fold's model of either arm."""

from unscene.evaluation.set_comparison import compare_arms_on_sets

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        compare_arms_on_sets(
            paths_to_metrics=snakemake.input.metrics,
            paths_to_items=snakemake.input.item_tables,
            path_to_comparison=snakemake.output.comparison,
            sets=settings["evaluate"]["sets"],
            contrasts=[(settings["deploy"]["arm"], other) for other in ("zero_shot", "originals")],
            settings=settings["evaluate"],
            seed=settings["seed"],
        )
