"""Read the answers of one shard into a table: the words of each caption, or why there are none."""

from unscene.keywords.parsing import parse_keywords

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        parse_keywords(
            path_to_samples=snakemake.input.samples,
            path_to_requests=snakemake.input.requests,
            path_to_followups=snakemake.input.followups,
            path_to_answers=snakemake.input.answers,
            path_to_table=snakemake.output.table,
            max_failed_share=snakemake.config["runtime"]["max_failed_share"],
        )
