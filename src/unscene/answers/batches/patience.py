"""How long what is borne: calls that are not answered, and what time it is at the endpoint."""

import logging

from unscene.answers.batches.client import ApiError
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.terms import Clock
from unscene.run.counts import tell_count

# Another clock than the endpoint's own stands in the Date of its replies (a proxy's, say).
_DATE_ERROR_S = 600
_LONGEST_PAUSE_S = 60.0
logger = logging.getLogger("unscene")


class ServerTime:
    """The endpoint's time, by the `Date` of its replies; the machine's own clock is never asked."""

    def __init__(self, api, clock: Clock):
        self._api, self._clock = api, clock
        self._anchor: tuple[float, float] | None = None

    def now(self) -> float | None:
        """Return seconds since 1970 at the endpoint; None while no reply told."""
        if self._anchor is not None:
            moment, at = self._anchor
            return moment + self._clock.monotonic() - at
        return self._api.server_now()

    def learn(self, created_at: float | None) -> None:
        """Take the moment of a batch that was created just now where the replies' `Date` is far from it."""
        told = self._api.server_now()
        if created_at is None:
            return
        if told is None or abs(told - created_at) > _DATE_ERROR_S:
            self._anchor = created_at, self._clock.monotonic()

    def since(self, moment: float | None) -> float | None:
        """Return the seconds since a moment of the endpoint; None when either is not known."""
        now = self.now()
        return None if now is None or moment is None else now - moment


def tell_patience(outage_seconds: float) -> str:
    """Return what a run says once when an endpoint does not answer: how long it will try."""
    return (
        f"calls without an answer are made again, for api.outage_minutes ({outage_seconds / 60:g}) at most;"
        " then the run stops, and nothing is lost"
    )


class Patience:
    """Counts how long each kind of call has gone unanswered, apart from the others: an upload that
    fails for an hour is an outage though every poll is answered.
    """

    def __init__(self, clock: Clock, outage_seconds: float, pause_seconds: float):
        self._clock, self._outage_seconds, self._pause_seconds = clock, outage_seconds, pause_seconds
        self._silent: dict[str, tuple[float, int, int]] = {}  # since when, times, those with a wait of theirs
        self._is_told = False

    def bear(self, kind: str, error: ApiError) -> float:
        """Note that a call was not answered; return the seconds to wait before the next one. After
        `api.outage_minutes` of nothing else raise Stopped.
        """
        now = self._clock.monotonic()
        since, turn, told = self._silent.get(kind, (now, 0, 0))
        wait = getattr(error, "retry_after", None)
        self._silent[kind] = since, turn + 1, 0 if wait is None else told + 1
        logger.warning("%s not answered: %s", kind, error)
        if not self._is_told:
            self._is_told = True
            logger.warning(tell_patience(self._outage_seconds))
        if now - since > self._outage_seconds:
            raise Stopped(
                f"the endpoint has not answered for {tell_count(round((now - since) / 60), 'minute')}"
                f" ({kind}: {error});"
                " nothing is lost: run the same command again later"
            )
        if wait is None:
            return min(_LONGEST_PAUSE_S, self._pause_seconds * 2 ** min(turn, 6))
        # What the endpoint asks for, and more where it says the same again (`Retry-After: 0` for ever).
        return max(wait, min(_LONGEST_PAUSE_S, 2.0 ** min(told - 1, 6)) if told else 0.0)

    def end(self, kind: str) -> None:
        """Note that a call was answered."""
        self._silent.pop(kind, None)


class Stopwatch:
    """How long something has been so, as far as this process has seen it."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._first: dict[object, float] = {}

    def passed(self, key: object) -> float:
        """Return the seconds since the first question about this key."""
        now = self._clock.monotonic()
        return now - self._first.setdefault(key, now)

    def forget(self, key: object) -> None:
        """Begin anew at the next question."""
        self._first.pop(key, None)
