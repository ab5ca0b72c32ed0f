"""Write what a paper needs of a run: tables (CSV, Markdown, LaTeX), figures (PDF), and a methods and results section."""

from unscene.report.write_paper import write_paper

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        write_paper(
            path_to_pairs=snakemake.input.pairs,
            path_to_summary=snakemake.input.summary,
            path_to_comparison=snakemake.input.comparison,
            path_to_classes=snakemake.input.classes,
            path_to_check=snakemake.input.check,
            path_to_verdict=snakemake.input.verdict,
            **{
                f"path_to_{name}": next(iter(snakemake.input.get(name) or []), None)
                for name in ("sweeps", "unseen", "retrieval")
            },
            path_to_folder=snakemake.output.folder,
            settings=snakemake.params.lineage["settings"],
        )
