"""Price the keyword requests: what the configured model would cost, and what the answers did cost."""

from collections.abc import Iterable
from itertools import chain

from unscene.batch_lines import read_lines
from unscene.prices import bill_answers, estimate_cost, read_prices
from unscene.prompts import ANSWER_TOKENS, KEYWORD_TOKENS
from unscene.tables import write_json


def price_keywords(
    paths_to_requests, paths_to_answers, path_to_prices, path_to_cost, model: str, backend: str
) -> None:
    """Write cost.json; equal requests of several shards count once, as they are paid once."""
    prices = read_prices(path_to_prices)
    estimate = estimate_cost(read_once(paths_to_requests), prices, model, KEYWORD_TOKENS, ANSWER_TOKENS)
    cost = {
        "backend": backend,
        "model": model,
        "price_date": prices["date"],
        "requests": estimate["requests"],
        "captions": estimate["items"],
        "estimate": estimate,
        "billed": bill_answers(read_once(paths_to_answers), prices),
    }
    write_json(cost, path_to_cost)


def read_once(paths: Iterable) -> Iterable[dict]:
    """Yield the lines of several files, each custom_id once."""
    seen = set()
    for line in chain.from_iterable(map(read_lines, paths)):
        if line["custom_id"] not in seen:
            seen.add(line["custom_id"])
            yield line


if __name__ == "__main__":
    from unscene.checkout import resolve_path
    from unscene.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        price_keywords(
            paths_to_requests=snakemake.input.requests,
            paths_to_answers=snakemake.input.answers,
            path_to_prices=resolve_path(settings["plan"]["prices"]),
            path_to_cost=snakemake.output.cost,
            model=settings["api"]["model"],
            backend=settings["keywords"]["backend"],
        )
