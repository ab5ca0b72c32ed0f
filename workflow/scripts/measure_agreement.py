"""Measure how the words of the lexicon, of the API's answers, of photo labels and of known mentions agree, word by word."""

from unscene.evaluation.mention_agreement import measure_agreement

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        measure_agreement(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            paths_to_answers=snakemake.input.answers,
            path_to_table=snakemake.output[0],
            sources=snakemake.params.lineage["settings"]["samples"]["sources"],
        )
