"""Read the answers of one shard into a table: the captions of each edit, checked, with a plain template where they fail."""

from unscene.captions.parsing import parse_captions

if __name__ == "__main__":
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        parse_captions(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_masks=snakemake.input.masks,
            path_to_requests=snakemake.input.requests,
            path_to_followups=snakemake.input.followups,
            path_to_answers=snakemake.input.answers,
            path_to_table=snakemake.output.table,
            held_out_share=settings["captions"]["held_out_share"],
            seed=settings["seed"],
            max_failed_share=snakemake.config["runtime"]["max_failed_share"],
        )
