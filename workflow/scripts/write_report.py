"""Write the report of a run: one HTML file that opens without network."""

from unscene.report.write_report import write_report

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        write_report(
            # What only some runs have is an empty list in the others.
            paths_to_tables={name: path for name, path in snakemake.input.items() if path},
            path_to_report=snakemake.output[0],
            lineage=snakemake.params.lineage,
        )
