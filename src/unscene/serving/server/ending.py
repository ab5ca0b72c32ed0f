"""How the server ends: Ctrl-C and SIGTERM are its ordinary end. Nothing is printed, the status is 0."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a signal end the process with SystemExit(0), also while modules and models are loaded.

    uvicorn takes the signals while it serves, ends what is in flight, and then raises them once more.
    """
    before = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            # After a signal nothing is left but Python's own end, which another one must not disturb.
            signal.signal(number, handler if signal.getsignal(number) is _end else signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, _end_at_once)
    raise SystemExit(0)


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    """Wait for nothing: what is in the index's file stays whole after any end."""
    os._exit(0)
