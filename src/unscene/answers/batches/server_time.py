"""Times that a server tells: its `Date`, and how long it wants to be left alone."""

import math
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

# Asked more often than this a limit would never end; asked less often a short one costs hours.
SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 3600.0
_NUMBER = re.compile(r"\d{1,12}(\.\d*)?", re.ASCII)


class ServerTime:
    """The server's time: that of its last reply, and what a clock that nobody sets says has passed
    since. monotonic: returns seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic):
        self._monotonic = monotonic
        self._told: tuple[float, float] | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Take the time from the headers of a reply, if it is there; a cache's reply is as old as
        its `Age`.
        """
        told = read_date(headers.get("date"))
        if told is not None:
            self._told = told + (read_number(headers.get("age")) or 0.0), self._monotonic()

    def now(self) -> float | None:
        """Return seconds since 1970; None as long as no server has told its time."""
        if self._told is None:
            return None
        told, then = self._told
        return told + self._monotonic() - then


def read_retry_after(headers: Mapping[str, str], now: float | None) -> float | None:
    """Return the seconds that a reply asks to wait, at least 1 and at most an hour; None when it
    asks for none, or for what cannot be read.

    Read are `retry-after-ms`, `retry-after` in seconds, and as a date: that is compared with the
    reply's own `Date`, or else with `now`, the server's time so far.
    """
    milliseconds = read_number(headers.get("retry-after-ms"))
    seconds = read_number(headers.get("retry-after")) if milliseconds is None else milliseconds / 1000
    if seconds is None and (due := read_date(headers.get("retry-after"))) is not None:
        start = read_date(headers.get("date"))
        start = now if start is None else start
        seconds = None if start is None else due - start
    return None if seconds is None else min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, seconds))


def read_number(text: str | None) -> float | None:
    """Return a plain number of a header; None for anything else (signs, `nan`, other digits)."""
    text = (text or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def read_date(text: str | None) -> float | None:
    """Return an HTTP date in seconds since 1970; None when it is none."""
    try:
        seconds = parsedate_to_datetime((text or "").strip()).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
