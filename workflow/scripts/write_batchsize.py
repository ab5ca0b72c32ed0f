"""Write up the batch-size study: the figure of accuracy and cost against n, and its text for a paper."""

from unscene.batchsize.writing import write_batchsize

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        write_batchsize(
            path_to_accuracy=snakemake.input.accuracy,
            path_to_chosen=snakemake.input.chosen,
            path_to_figure=snakemake.output.figure,
            path_to_markdown=snakemake.output.markdown,
            path_to_latex=snakemake.output.latex,
        )
