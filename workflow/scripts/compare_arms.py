"""Join the tested pairs of all arms; write each arm's scores and the contrasts between arms, with intervals."""

from unscene.evaluation.comparison import compare_arms

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        compare_arms(
            paths_to_metrics=snakemake.input.metrics,
            paths_to_items=snakemake.input.item_tables,
            path_to_items=snakemake.output.item_table,
            path_to_summary=snakemake.output.summary,
            path_to_comparison=snakemake.output.comparison,
            settings=snakemake.params.lineage["settings"]["evaluate"],
            main_arm=snakemake.params.lineage["settings"]["deploy"]["arm"],
            seed=snakemake.params.lineage["settings"]["seed"],
        )
