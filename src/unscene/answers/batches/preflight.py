"""What is checked before anything is sent: the model, the day it ends, and the age of the prices."""

import logging
from datetime import date, timedelta

from unscene.answers.batches.client import ApiClient, ApiError
from unscene.answers.prices import PRICE_FACTOR, find_price, need_price
from unscene.run.counts import tell_count
from unscene.run.stops import KnownStop

_WARNED_DAYS = 90
logger = logging.getLogger("unscene")


class PreflightError(KnownStop, RuntimeError):
    """Nothing was sent, because it would fail, or cost what nobody knows."""


def check_prices(prices: dict, model: str, today: date, paid: bool) -> None:
    """Stop when a model has no price or the prices are too old. paid: the endpoint is not on this machine."""
    need_price(prices, model)
    age = today - date.fromisoformat(prices["date"])
    if paid and age > timedelta(days=prices["max_age_days"]):
        raise PreflightError(
            f"plan.prices: the prices are of {prices['date']}, {tell_count(age.days, 'day')} old (at most"
            f" {prices['max_age_days']}); compare them with the provider's page and set `date` to today"
        )


def check_model(api: ApiClient, prices: dict, model: str, today: date) -> None:
    """Stop when the endpoint does not have the model or it was shut down; warn, naming the
    successor, when its end is near. api: its endpoint is asked where that lists models by name.
    """
    entry = find_price(prices, model) or {}
    successor = f"; its successor is {entry['successor']}" if entry.get("successor") else ""
    exists, told = api.find_model(model)
    if exists is False:
        raise PreflightError(f"api.model: the endpoint has no model {model!r}{successor}")
    if exists is None:
        logger.warning("the endpoint does not say which models it has; %s is taken as it is", model)
    end = _read_date(told) or entry.get("shutdown")
    if end is None:
        return
    if end <= today:
        raise PreflightError(f"api.model: {model} was shut down on {end}{successor}")
    if end - today < timedelta(days=_WARNED_DAYS):
        logger.warning(
            "api.model: %s ends on %s, in %s%s", model, end, tell_count((end - today).days, "day"), successor
        )


def check_expected(expected_usd: float, committed_usd: float, budget_usd: float, requests: int) -> None:
    """Refuse to start what is expected to end above the budget."""
    if committed_usd + expected_usd > budget_usd:
        raise PreflightError(
            f"api.budget_usd ${budget_usd:.2f}: {tell_count(requests, 'request')}, expected to cost"
            f" ${expected_usd:.2f},"
            f" and ${committed_usd:.2f} are spent or under way at worst. Nothing was sent. `make plan` shows"
            " the parts: take a cheaper api.model, more keywords.captions_per_prompt, fewer photos, or raise"
            " the budget"
        )


def check_plan(plan: dict, budget_usd: float) -> None:
    """Refuse to start a run whose plan (`make plan`) expects more than the budget: all text stages
    together.
    """
    expected = plan["api"]["usd"]
    if expected > budget_usd:
        raise PreflightError(
            f"api.budget_usd ${budget_usd:.2f}: the whole run is expected to cost ${expected:.2f} (`make"
            " plan`). Nothing was sent. `make plan` shows the parts: take a cheaper api.model, more"
            " keywords.captions_per_prompt, fewer photos, or raise the budget"
        )


def explain_no_batches(error: ApiError, base_url: str | None) -> PreflightError:
    """Return what to say when an endpoint shows no batches (404 at its list)."""
    if not base_url:
        return PreflightError(f"api.openai.com shows no batches ({error}); nothing was sent. Run again later")
    return PreflightError(
        f"api.base_url: {base_url} has no batches ({error}); nothing was sent. Is the address right, with its"
        " /v1? A server that has none is asked one request at a time by `api.mode: requests`, where a"
        f" provider takes {PRICE_FACTOR} times the price of batches"
    )


def _read_date(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
