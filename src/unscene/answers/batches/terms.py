"""Under which terms requests are sent: the time, the stage, its endpoint's settings, the prices and
the limits.
"""

import time
from dataclasses import dataclass, field
from typing import NamedTuple


class Clock:
    """The time of this machine; tests have one of their own.

    `now` may be hours wrong, so nothing that costs money is decided by it: durations are differences
    of `monotonic`, moments are the endpoint's own (patience.ServerTime).
    """

    def now(self) -> float:
        """Return seconds since 1970, as this machine believes."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that only ever pass; the start means nothing."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Limits(NamedTuple):
    """Limits of the account, by their keys in the config block `api`, and of the budget."""

    requests_per_file: int
    bytes_per_file: int
    enqueued_tokens: int
    budget_usd: float


@dataclass(frozen=True)
class Terms:
    """What holds for all requests of a stage. api: the config block `api`. prices: see `read_prices`."""

    stage: str
    api: dict
    prices: dict
    clock: Clock = field(default_factory=Clock)

    @property
    def limits(self) -> Limits:
        """The limits of a file, of the queue and of the budget."""
        return Limits(*(self.api[name] for name in Limits._fields))

    @property
    def outage_seconds(self) -> float:
        """How long an endpoint may be silent before the run stops."""
        return 60 * self.api["outage_minutes"]
