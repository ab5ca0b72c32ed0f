"""What a rule asks of a machine, and how that grows when a job comes back out of memory or time."""

from collections.abc import Callable

_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def grow(amount: int | str) -> Callable[..., int]:
    """Return a resource of a rule that doubles with every attempt at the job.

    amount: megabytes, or a time as "30m", "2h" or "1d", of which the resource is in minutes. A
    cluster's profile sets `retries`; a rule's own retries would run inside the same cluster job,
    whose limits are fixed by then.
    """
    first = amount if isinstance(amount, int) else int(amount[:-1]) * _MINUTES[amount[-1]]

    def ask(wildcards, attempt: int) -> int:
        return first * 2 ** (attempt - 1)

    return ask
