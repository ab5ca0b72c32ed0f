"""Answer the caption requests of one shard: by the offline grammar, or from paid answers of the Batch API."""

from unscene.captions.answering import answer_captions

if __name__ == "__main__":
    from unscene.answers.batches.ledger import find_folder
    from unscene.run.logs import log_job

    with log_job(snakemake):
        answer_captions(
            path_to_requests=snakemake.input.requests,
            path_to_answers=snakemake.output.answers,
            path_to_followups=snakemake.output.followups,
            backend=snakemake.params.lineage["settings"]["captions"]["backend"],
            folder=find_folder(snakemake.config["api"]["base_url"]),
        )
