"""Write what a paper needs of a run: tables (CSV, Markdown, LaTeX), figures (PDF), and a methods
and results section.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.report.write_paper import write_paper

        write_paper(job)
