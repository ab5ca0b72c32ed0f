"""Draw accepted and rejected edits as rows of before, mask outline and after, with the reason beside them."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.report.contact_sheet import draw_contact_sheet

        draw_contact_sheet(job)
