"""Draw accepted and rejected edits as rows of before, mask outline and after, with the reason beside them."""

from unscene.report.contact_sheet import draw_contact_sheet

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        draw_contact_sheet(
            path_to_pairs=snakemake.input.pairs,
            path_to_rejected=snakemake.input.rejected,
            path_to_edits=snakemake.input.edits,
            path_to_sheet=snakemake.output.sheet,
            path_to_folder=snakemake.output.folder,
        )
