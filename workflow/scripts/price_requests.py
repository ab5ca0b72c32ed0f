"""Price the requests of a stage: what the configured model would cost, and what the answers did cost."""

from unscene.answers.pricing import price_requests

if __name__ == "__main__":
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        stage = snakemake.rule.removeprefix("price_")
        price_requests(
            paths_to_requests=snakemake.input.requests,
            paths_to_answers=snakemake.input.answers,
            path_to_prices=resolve_path(settings["plan"]["prices"]),
            path_to_cost=snakemake.output.cost,
            stage=stage,
            model=settings["api"]["model"],
            backend=settings[stage]["backend"],
            path_to_summary=snakemake.input.summary or None,
        )
