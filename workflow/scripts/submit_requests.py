"""Send the requests of a stage to the API and collect the answers into the ledger of paid answers."""

from unscene.answers.prices import read_prices
from unscene.answers.submitting import submit_requests

if __name__ == "__main__":
    import yaml

    from unscene.plan.estimate import make_plan
    from unscene.run.checkout import resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        config, path_to_prices = snakemake.config, resolve_path(snakemake.config["plan"]["prices"])
        # The plan is made here and no input: with its file as an `ancient` input, Snakemake 9.27 would not look at what else changed
        # below the submission whenever the plan itself is due (it masks all that depends on a due job, by ancient files, too).
        assumed = yaml.safe_load(
            resolve_path("src/unscene/resources/throughput.yaml").read_text(encoding="utf-8")
        )
        submit_requests(
            paths_to_requests=snakemake.input.requests,
            path_to_summary=snakemake.output.summary,
            path_to_prices=path_to_prices,
            api=config["api"],
            stage=snakemake.rule.removeprefix("submit_"),
            plan=make_plan(config, read_prices(path_to_prices), assumed),
        )
