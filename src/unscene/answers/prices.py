"""Prices of the Batch API's models: a dated table, and what requests and answers cost by it."""

import datetime
import math
import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from unscene.answers.backends import is_offline
from unscene.answers.batch_lines import estimate_tokens, read_items
from unscene.answers.envelopes import Usage, find_model, read_usage
from unscene.run.stops import KnownStop

# The table has the prices of batches; a request on its own costs this times as much.
PRICE_FACTOR = 2


class PriceError(KnownStop, ValueError):
    """A price table that cannot be used, or a model that is not in it."""


def read_prices(path_to_prices: str | Path) -> dict:
    """Return the price table; `date` as ISO text. PriceError names the file and what is wrong."""
    try:
        with open(path_to_prices, encoding="utf-8") as handle:
            prices = yaml.safe_load(handle)
        date = prices["date"]
        prices["date"] = date.isoformat() if isinstance(date, datetime.date) else str(date)
        datetime.date.fromisoformat(prices["date"])
        datetime.timedelta(days=prices["max_age_days"])
        for model, price in prices["models"].items():
            if not all(0 <= price[part] < math.inf for part in ("input", "output")):
                raise PriceError(f"{path_to_prices}: the price of {model} is no amount of dollars")
    except (
        OSError,
        yaml.YAMLError,
        UnicodeError,
        KeyError,
        TypeError,
        AttributeError,
        ValueError,
        OverflowError,
    ) as error:
        if isinstance(error, PriceError):
            raise
        raise PriceError(f"{path_to_prices}: is no price table ({error!r})") from error
    return prices


def find_price(prices: dict, model: str) -> dict | None:
    """Return a model's row, or None. A dated name (`gpt-4o-2024-08-06`) has a row of its own, or is
    among the `snapshots` of one: a snapshot can cost more than the model it is one of.
    """
    if is_offline(model):
        return {"input": 0.0, "output": 0.0, "cache_write": 1}
    if model in prices["models"]:
        return prices["models"][model]
    return next((row for row in prices["models"].values() if model in (row.get("snapshots") or ())), None)


def need_price(prices: dict, model: str) -> dict:
    """Return a model's row; PriceError with the way out when there is none."""
    price = find_price(prices, model)
    if price is not None:
        return price
    undated = re.sub(r"-20\d\d-\d\d-\d\d$", "", model)
    if undated != model and find_price(prices, undated) is not None:
        raise PriceError(
            f"api.model: plan.prices has {undated}, but neither a row nor a snapshot {model!r}; if it costs"
            f" the same, add it to the `snapshots` of {undated}"
        )
    raise PriceError(
        f"api.model: {model!r} has no price in plan.prices; add it there, with zeros for a server of your"
        f" own ({', '.join(prices['models'])})"
    )


def estimate_cost(
    requests: Iterable[dict], prices: dict, model: str, item_tokens: float, answer_tokens: float
) -> dict:
    """Return what requests will cost with a model: tokens, and dollars as expected and at worst.

    Expected: `estimate_tokens` of input (schema counted), `item_tokens` an item and `answer_tokens`
    an answer of output. Worst: tokens at most, written to the prompt cache where the model does
    that, and every answer as long as allowed.
    """
    price = need_price(prices, model)
    count = items = tokens_in = most_in = most_out = 0
    for request in requests:
        count += 1
        items += len(read_items(request))
        tokens_in += estimate_tokens(request)
        most_in += estimate_tokens(request, at_most=True)
        most_out += request["body"]["max_completion_tokens"]
    tokens_out = math.ceil(items * item_tokens + count * answer_tokens)
    worst_in = most_in * price.get("cache_write", 1)
    return {
        "model": model,
        "requests": count,
        "items": items,
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "worst_input_tokens": most_in,
        "worst_output_tokens": most_out,
        "usd": _dollars(tokens_in, tokens_out, price),
        "usd_worst": _dollars(worst_in, most_out, price),
    }


def bill_answers(answers: Iterable[dict], prices: dict, asked: str = "") -> dict:
    """Return what answers cost by their own usage; dollars are null, with a reason, when a model
    has no price. asked: the model that was asked, whose price one without a price has.
    """
    total = {"input_tokens": 0, "output_tokens": 0, "usd": 0.0}
    unknown = set()
    for answer in answers:
        usage = read_usage(answer)
        if usage is None:
            continue
        total["input_tokens"] += usage.input_tokens
        total["output_tokens"] += usage.output_tokens
        model = find_model(answer)
        price = find_price(prices, model) or find_price(prices, asked)
        if price is not None:
            total["usd"] += price_usage(usage, price)
        elif usage.input_tokens or usage.output_tokens:
            unknown.add(model)
    if unknown:
        return {**total, "usd": None, "usd_reason": f"no price for {', '.join(sorted(map(str, unknown)))}"}
    return {**total, "usd": round(total["usd"], 6)}


def price_usage(usage: Usage, price: dict) -> float:
    """Return the dollars of one answer's usage; tokens written to the prompt cache cost
    `cache_write` times the input.
    """
    tokens_in = usage.input_tokens + usage.cache_write_tokens * (price.get("cache_write", 1) - 1)
    return (tokens_in * price["input"] + usage.output_tokens * price["output"]) / 1e6


def _dollars(tokens_in: float, tokens_out: float, price: dict) -> float:
    return round((tokens_in * price["input"] + tokens_out * price["output"]) / 1e6, 6)
