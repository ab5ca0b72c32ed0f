"""Price the requests of a stage: what the configured model would cost, and what the answers did cost."""

from collections.abc import Iterable
from itertools import chain

from unscene.answers.backends import STAGES, find_backend
from unscene.answers.batch_lines import read_lines
from unscene.answers.prices import bill_answers, estimate_cost, read_prices
from unscene.answers.prompts import ANSWER_TOKENS, CAPTION_TOKENS, KEYWORD_TOKENS
from unscene.machine.job import Job
from unscene.run.tables import read_json, write_json

ITEM_TOKENS = {"keywords": KEYWORD_TOKENS, "captions": CAPTION_TOKENS}


def price_requests(job: Job) -> None:
    """Write cost.json; equal requests of several shards count once, as they are paid once.

    inputs: requests, answers, summary (of the submission; none with an offline backend); outputs:
    cost. In the file, `estimate`: of the requests. `billed`: of the answers that are used, by their
    own usage. `settled`: what the stage cost in this run directory, with answers of earlier configs
    and lines that were paid and of no use; null with an offline backend.
    """
    model = job.settings["api"]["model"]
    (stage,) = set(STAGES) & job.settings.keys()
    prices = read_prices(job.get_path("plan.prices"))
    estimate = estimate_cost(read_once(job.inputs.requests), prices, model, ITEM_TOKENS[stage], ANSWER_TOKENS)
    settled = None
    if job.inputs.summary is not None:
        summary = read_json(job.inputs.summary)
        settled = {
            name: summary[name] for name in ("usd", "input_tokens", "output_tokens", "endpoint", "simulated")
        }
        settled["batches"] = len(summary["batches"])
        settled |= compare_with_batches(summary)
    cost = {
        "backend": find_backend(job.settings).name,
        "model": model,
        "price_date": prices["date"],
        "requests": estimate["requests"],
        "captions": estimate["items"],
        "estimate": estimate,
        "billed": bill_answers(read_once(job.inputs.answers), prices, model),
        "settled": settled,
    }
    write_json(cost, job.outputs.cost)


def compare_with_batches(summary: dict) -> dict:
    """Return the tokens that the batches themselves name, and whether the lines add up to them;
    null when one names none.
    """
    usage = [(batch["usage_input_tokens"], batch["usage_output_tokens"]) for batch in summary["batches"]]
    ended = [
        pair for batch, pair in zip(summary["batches"], usage, strict=True) if batch["status"] != "failed"
    ]
    if not ended or any(value is None for pair in ended for value in pair):
        return {"batch_usage": None, "lines_match_batches": None}
    total = {"input_tokens": sum(pair[0] for pair in ended), "output_tokens": sum(pair[1] for pair in ended)}
    return {"batch_usage": total, "lines_match_batches": all(total[name] == summary[name] for name in total)}


def read_once(paths: Iterable) -> Iterable[dict]:
    """Yield the lines of several files, each custom_id once."""
    seen = set()
    for line in chain.from_iterable(map(read_lines, paths)):
        if line["custom_id"] not in seen:
            seen.add(line["custom_id"])
            yield line
