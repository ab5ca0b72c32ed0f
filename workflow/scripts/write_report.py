"""Write the report of a run: one HTML file that opens without network."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.report.write_report import write_report

        write_report(job)
