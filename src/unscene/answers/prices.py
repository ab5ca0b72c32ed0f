"""Prices of the Batch API's models: a dated table, and what requests and answers cost by it."""

import datetime
import math
from collections.abc import Iterable
from pathlib import Path

import yaml

from unscene.answers.backends import is_offline
from unscene.answers.batch_lines import estimate_tokens, read_items


class PriceError(ValueError):
    """A price table that cannot be used, or a model that is not in it."""


def read_prices(path_to_prices: str | Path) -> dict:
    """Return the price table; `date` as ISO text. PriceError names the file and what is wrong."""
    try:
        with open(path_to_prices, encoding="utf-8") as handle:
            prices = yaml.safe_load(handle)
        date = prices["date"]
        prices["date"] = date.isoformat() if isinstance(date, datetime.date) else str(date)
        for model, price in prices["models"].items():
            if not (price["input"] >= 0 and price["output"] >= 0):
                raise PriceError(f"{path_to_prices}: the price of {model} is negative")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise PriceError(f"{path_to_prices}: is no price table ({error!r})") from error
    return prices


def find_price(prices: dict, model: str) -> dict | None:
    """Return a model's row; a dated name (`gpt-4o-2024-08-06`) has the price of the model it dates."""
    if is_offline(model):
        return {"input": 0.0, "output": 0.0, "cache_write": 1}
    names = [name for name in prices["models"] if model == name or model.startswith(f"{name}-2")]
    return prices["models"][max(names, key=len)] if names else None


def estimate_cost(
    requests: Iterable[dict], prices: dict, model: str, item_tokens: float, answer_tokens: float
) -> dict:
    """Return what requests will cost with a model: tokens, and dollars as expected and at worst.

    Expected: 4 characters a token of input (schema counted), `item_tokens` an item and
    `answer_tokens` an answer of output. Worst: 3 characters a token, input written to the prompt
    cache where the model does that, and every answer as long as allowed.
    """
    price = find_price(prices, model)
    if price is None:
        raise PriceError(
            f"api.model: {model!r} has no price in plan.prices; add it there ({', '.join(prices['models'])})"
        )
    count = items = tokens_in = most_in = most_out = 0
    for request in requests:
        count += 1
        items += len(read_items(request))
        tokens_in += estimate_tokens(request)
        most_in += estimate_tokens(request, 3)
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


def bill_answers(answers: Iterable[dict], prices: dict) -> dict:
    """Return what answers cost by their own usage; dollars are null, with a reason, when a model
    has no price.
    """
    total = {"input_tokens": 0, "output_tokens": 0, "usd": 0.0}
    unknown = set()
    for answer in answers:
        body = (answer.get("response") or {}).get("body") or {}
        usage = body.get("usage") or {}
        tokens = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
        price = find_price(prices, body.get("model") or "")
        total["input_tokens"] += tokens[0]
        total["output_tokens"] += tokens[1]
        if price is not None:
            total["usd"] += price_usage(usage, price)
        elif any(tokens):
            unknown.add(body.get("model"))
    if unknown:
        return {**total, "usd": None, "usd_reason": f"no price for {', '.join(sorted(map(str, unknown)))}"}
    return {**total, "usd": round(total["usd"], 6)}


def price_usage(usage: dict, price: dict) -> float:
    """Return the dollars of one answer's `usage`; tokens written to the prompt cache cost
    `cache_write` times the input.
    """
    written = (usage.get("prompt_tokens_details") or {}).get("cache_write_tokens") or 0
    tokens_in = (usage.get("prompt_tokens") or 0) + written * (price.get("cache_write", 1) - 1)
    return (tokens_in * price["input"] + (usage.get("completion_tokens") or 0) * price["output"]) / 1e6


def _dollars(tokens_in: float, tokens_out: float, price: dict) -> float:
    return round((tokens_in * price["input"] + tokens_out * price["output"]) / 1e6, 6)
