"""The server's own clock: what passes and what it reads are two things."""

import time


class Clock:
    """Elapsed time, which only grows, and the reading of it, which may be off, drift and jump.

    Everything that happens is due by elapsed seconds; every moment that the server tells (`*_at`,
    the header `Date`) is a reading. `offset_s`: how far the reading is ahead of the true time.
    `rate`: seconds of the reading for each elapsed one. `running`: real time passes, too.
    """

    def __init__(self, offset_s: float = 0.0, rate: float = 1.0, running: bool = False):
        self._started = float(int(time.time()))  # whole seconds, as the moments of the API are
        self._began = time.monotonic()
        self._advanced = 0.0
        self.offset_s, self.rate, self.running = offset_s, rate, running

    @property
    def elapsed(self) -> float:
        """Seconds since the server began."""
        return self._advanced + (time.monotonic() - self._began if self.running else 0.0)

    def read(self, elapsed: float | None = None) -> float:
        """Return what the clock reads (Unix seconds), now or at an elapsed time."""
        return self._started + self.offset_s + self.rate * (self.elapsed if elapsed is None else elapsed)

    def advance(self, seconds: float) -> None:
        """Let time pass; ValueError when it would run backwards."""
        if seconds < 0:
            raise ValueError("time does not run backwards; a clock that is set back has a smaller offset")
        self._advanced += seconds
