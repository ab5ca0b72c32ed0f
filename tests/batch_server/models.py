"""The models of the local server: what they cost and when they end, as published in November 2026.

Written down here again, on purpose: the bill must not depend on the client's price table.
"""

import datetime
from typing import NamedTuple

_CREATED = 1_700_000_000


class Model(NamedTuple):
    """USD per million tokens in a batch (at once: twice as much); the day it ends, if announced."""

    input: float
    output: float
    shutdown: datetime.date | None = None


_OLD = datetime.date(2027, 1, 14)
MODELS = {
    "gpt-6-luna": Model(0.05, 0.25),
    "gpt-6.1-terra": Model(0.50, 2.50),
    "gpt-5.6-luna": Model(0.10, 0.60),
    "gpt-5.4-mini": Model(0.375, 2.25),
    "gpt-5.4-nano": Model(0.10, 0.625, datetime.date(2027, 4, 1)),
    "gpt-5-mini": Model(0.125, 1.00, datetime.date(2026, 12, 11)),
    "gpt-5-nano": Model(0.025, 0.20, datetime.date(2026, 12, 11)),
    "gpt-4o": Model(1.25, 5.00, _OLD),
    "gpt-4o-mini": Model(0.075, 0.30, _OLD),
    "gpt-4.1-mini": Model(0.20, 0.80, _OLD),
}
FREE = Model(0.0, 0.0)  # one that only `other_models` names


def find_model(name: str, now: float, others: tuple[str, ...], withdrawn: tuple[str, ...]) -> dict | None:
    """Return the model object of a name; None for one that nobody knows, withdrawn or shut down."""
    model = MODELS.get(name)
    if (model is None and name not in others) or name in withdrawn:
        return None
    shutdown = (model or FREE).shutdown
    if shutdown is not None and shutdown <= datetime.datetime.fromtimestamp(now, datetime.UTC).date():
        return None
    return {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "local",
        "shutdown_date": None if shutdown is None else shutdown.isoformat(),
    }
