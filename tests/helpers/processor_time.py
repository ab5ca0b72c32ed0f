"""Processor time, to compare two kinds of work on one machine: by itself it says how fast that is."""

import time
from collections.abc import Callable


def measure(function: Callable, *arguments: object) -> float:
    """Return the processor seconds of a call: the least of five, since other work only adds."""
    seconds = []
    for _ in range(5):
        started = time.process_time()
        function(*arguments)
        seconds.append(time.process_time() - started)
    return min(seconds)
