"""Ctrl-C on a run: one message, and an end in order, without a traceback of any job.

A terminal sends Ctrl-C to every process of a run. Here Snakemake's own process alone takes it: the
signal is blocked in its main thread, and so in the jobs that this starts. It reaches a watcher through
a pipe, whichever thread it interrupts: an executor's own threads are older than the block, and Python
would wait for the main thread, which waits for a job, maybe for hours. The jobs are asked by
SIGTERM to end, at which stages on devices keep what they have finished. A job that is killed at any
moment loses nothing but its own work since then.
"""

import _thread
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

STOPPING = """
unscene: stopping. Nothing is lost: run the same line again and it goes on.
         Jobs under way are ended in order; a second Ctrl-C kills them at once."""
TOO_EARLY = "\nunscene: stopped before any job was started."
KILLING = "unscene: killing the jobs. Nothing is lost all the same: run the same line again."
SCRIPTS = ".snakemake/scripts/"  # where Snakemake puts what a local job runs
_LOOKS, _LOOK_S = 10, 0.2


class Interrupts:
    """Ends a run at Ctrl-C. is_caught: jobs are being started. was_interrupted: Ctrl-C came since."""

    def __init__(self) -> None:
        self.is_caught = self.was_interrupted = False
        self._has_remote_jobs = self._is_raised = self._is_own = False
        self._signals = -1

    def catch_early(self) -> None:
        """Take over Ctrl-C in this process until its jobs start, when Snakemake's command line runs it."""
        if "snakemake.cli" in sys.modules and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, _leave)

    def catch(self, workflow: Any) -> None:
        """Take over Ctrl-C in this process, for a workflow that starts to run its jobs."""
        self.is_caught, self._has_remote_jobs = True, not workflow.local_exec
        signal.signal(signal.SIGINT, self._take)
        self._signals, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, daemon=True).start()  # not blocked in it
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def _watch(self) -> None:
        while number := os.read(self._signals, 1):
            if number[0] != signal.SIGINT:
                continue
            if self._is_own:
                self._is_own = False
            else:
                self._stop()

    def _take(self, number: int, frame: FrameType | None) -> None:
        """Be called in the main thread, when that comes to it: the watcher has seen the signal before."""
        if self._is_raised:
            self._is_raised = False
            raise KeyboardInterrupt

    def _stop(self) -> None:
        is_first, self.was_interrupted = not self.was_interrupted, True
        _silence_snakemake()
        print(STOPPING if is_first else KILLING, file=sys.stderr, flush=True)
        if is_first:
            # Snakemake's own end in order: it starts no further job, and waits for those that run.
            end = signal.getsignal(signal.SIGTERM)
            if callable(end):
                end(signal.SIGTERM, None)
            if self._has_remote_jobs:
                self._is_raised = self._is_own = True
                _thread.interrupt_main()  # at which it cancels what it has submitted
        number = signal.SIGTERM if is_first else signal.SIGKILL
        threading.Thread(target=_signal_jobs, args=(number, self._has_remote_jobs), daemon=True).start()


INTERRUPTS = Interrupts()


def _leave(number: int, frame: FrameType | None) -> None:
    print(TOO_EARLY, file=sys.stderr, flush=True)
    raise SystemExit(128 + number)


def _signal_jobs(number: int, has_remote_jobs: bool) -> None:
    """Send a signal once to each process below this one, for some seconds: a job may be just starting.

    A shell comes before what it started: it would otherwise report the death of its child. Beside
    remote jobs only those of local rules are meant: not what cancels the others.
    """
    import psutil

    told: set[int] = set()
    for _ in range(_LOOKS):
        for process in psutil.Process().children(recursive=True):
            if process.pid in told:
                continue
            with suppress(psutil.NoSuchProcess):
                if has_remote_jobs and not any(SCRIPTS in part for part in process.cmdline()):
                    continue
                told.add(process.pid)
                process.send_signal(number)
        time.sleep(_LOOK_S)


def _silence_snakemake() -> None:
    """Keep what Snakemake says of the jobs that end now in its log file, and off the terminal."""
    from snakemake.logging import logger

    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(lambda record: False)
