"""Judge the main arm by the pass rule: which part holds, which fails, and which nobody measured."""

from unscene.evaluation.verdict import apply_pass_rule

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        apply_pass_rule(
            path_to_comparison=snakemake.input.comparison,
            path_to_sets=snakemake.input.sets,
            path_to_summary=snakemake.input.summary,
            path_to_verdict=snakemake.output.verdict,
            main_arm=snakemake.params.lineage["settings"]["deploy"]["arm"],
        )
