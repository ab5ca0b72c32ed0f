"""Fetching the result files of a batch, and turning their lines into entries of the ledger."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from unscene.answers.batches.client import ApiClient, Rejected
from unscene.answers.batches.outcomes import REJECTED, UNSERVED, classify
from unscene.answers.prices import find_price, price_usage
from unscene.answers.results import Usage, find_model, read_usage

# A file may be refused (403) or unknown (404) for a moment after its batch ended.
_FETCH_WAITS_S = (5, 15, 45)
logger = logging.getLogger("unscene")


def fetch_answers(api: ApiClient, batch, folder: Path, clock) -> list[Path]:
    """Download the output file and the error file of a batch, where there are any (an id may be
    null or empty).

    Files with fewer lines than the batch counts are fetched again, a few times. Raises
    client.Rejected when a file stays refused or unknown, client.Unanswered when the endpoint is
    away.
    """
    counts = batch.request_counts
    expected = counts.completed + counts.failed if counts else 0
    for wait in (*_FETCH_WAITS_S, None):
        try:
            paths = []
            for kind in ("output", "error"):
                if file_id := getattr(batch, f"{kind}_file_id"):
                    paths.append(folder / f"{batch.id}.{kind}.jsonl")
                    api.download(file_id, paths[-1])
        except Rejected as error:
            if wait is None or error.status not in (403, 404):
                raise
            logger.warning("batch %s: its results are refused yet (%s)", batch.id, error)
        else:
            found = sum(_count_lines(path) for path in paths)
            if found >= expected or wait is None:
                return paths
            logger.warning("batch %s: %d lines of %d came; fetching again", batch.id, found, expected)
        clock.sleep(wait)
    raise AssertionError("the last turn returns or raises")


def read_answers(
    paths: Iterable[Path], members: dict[str, int], model: str, prices: dict, clean: Callable[[str], str]
) -> Iterator[tuple]:
    """Yield a ledger entry for each request of a batch: those with a line, then those without one.

    members: items of each request. A line that is no JSON, or of no member, says nothing about any
    request and is passed over.
    """
    missing = dict(members)
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as handle:
            for text in handle:
                text = clean(text.strip())
                try:
                    answer = json.loads(text)
                    items = missing.pop(answer["custom_id"])
                except (ValueError, KeyError, TypeError):
                    if text:
                        logger.warning("%s: a line is passed over: %.80s", path.name, text)
                    continue
                yield enter_answer(answer, text, items, model, prices)
    for name in missing:
        yield (name, UNSERVED, 0, 0, 0.0, None)


def enter_answer(answer: dict, text: str, items: int, model: str, prices: dict, factor: float = 1) -> tuple:
    """Return the ledger's entry of an answer line: (custom_id, outcome, input tokens, output
    tokens, dollars, line).

    An answering model without a price has that of the model asked. factor: on the prices of the
    table, which are those of batches.
    """
    usage = read_usage(answer) or Usage(0, 0, 0)
    price = find_price(prices, find_model(answer)) or find_price(prices, model)
    if price is None:
        raise ValueError(
            f"{model!r}, which answered {answer['custom_id']}, has no price in plan.prices any more"
        )
    outcome = classify(answer, items)
    if outcome == REJECTED:
        logger.warning("request %s is called wrong: %.300s", answer["custom_id"], text)
    return (
        answer["custom_id"],
        outcome,
        usage.input_tokens,
        usage.output_tokens,
        factor * price_usage(usage, price),
        text,
    )


def commonest_errors(batch) -> str:
    """Return the commonest complaint of a batch that failed as a whole, with its line and how often
    it came.
    """
    if not (batch.errors and batch.errors.data):
        return ""
    counts = Counter((error.code, error.message) for error in batch.errors.data)
    (code, message), count = counts.most_common(1)[0]
    first = next(error for error in batch.errors.data if (error.code, error.message) == (code, message))
    place = f", line {first.line}" if first.line else ""
    return f"{code}: {message} ({count} of {len(batch.errors.data)} complaints{place})"[:400]


def _count_lines(path: Path) -> int:
    with open(path, "rb") as handle:
        return sum(1 for line in handle if line.strip())
