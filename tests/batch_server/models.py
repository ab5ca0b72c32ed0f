"""The models that the local server has: those of the price table, with their shutdown dates."""

import datetime

from batch_server.store import Store
from unscene.answers.prices import find_price

_CREATED = 1_700_000_000


def find_model(store: Store, name: str) -> dict | None:
    """Return the model object of a name; None for one that nobody knows or that has been shut down."""
    price = find_price(store.prices, name)
    if price is None and name not in store.settings.other_models:
        return None
    shutdown = (price or {}).get("shutdown")
    today = datetime.datetime.fromtimestamp(store.now, datetime.UTC).date()
    if shutdown is not None and shutdown <= today:
        return None
    return {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "local",
        "shutdown_date": None if shutdown is None else shutdown.isoformat(),
    }


def list_models(store: Store) -> list[dict]:
    """Return all model objects."""
    names = [*store.prices["models"], *store.settings.other_models]
    return [model for name in names if (model := find_model(store, name)) is not None]
