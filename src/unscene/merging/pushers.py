"""Who pushes to a copy just now: two machines that work on the same part would pay for it twice."""

import platform
import time
from pathlib import Path

from unscene.run.tables import TableError, read_json, write_json

SIGN = Path("state/pusher.json")
# How often the sign is renewed, and how old one is of a machine that is gone: drives show a file late.
_EVERY_SECONDS, ALIVE_SECONDS = 60.0, 180.0


class CopyTaken(RuntimeError):
    """Another machine pushes to the same copy."""


class Sign:
    """The sign of this machine in a copy, while it pushes there."""

    def __init__(self, copy: Path):
        self._path, self._renewed_at = copy / SIGN, 0.0

    def check(self) -> None:
        """Raise CopyTaken when another machine has renewed its own sign of late."""
        try:
            found = read_json(self._path)
            machine, age = str(found["machine"]), time.time() - float(found["at"])
        # There is none, it is damaged, or the drive does not answer: that stops no run.
        except (TableError, KeyError, TypeError, ValueError):
            return
        if machine != platform.node() and age < ALIVE_SECONDS:
            raise CopyTaken(
                f"the machine {machine} pushed there {max(age, 0):.0f} s ago, so both would make and"
                " pay the same. Give each machine a part and a copy of its own. If that machine is gone, wait"
                f" {ALIVE_SECONDS / 60:.0f} minutes and run this again"
            )

    def renew(self) -> None:
        """Say that this machine is still at work, if that was long ago. Raises OSError."""
        now = time.time()
        if now - self._renewed_at >= _EVERY_SECONDS:
            write_json({"machine": platform.node(), "at": now}, self._path)
            self._renewed_at = now

    def remove(self) -> None:
        """Take the sign away: this machine has ended. Raises OSError."""
        self._path.unlink(missing_ok=True)
