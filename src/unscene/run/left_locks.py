"""The lock of a run whose Snakemake was killed: who may still be at work there, and the way out.

Snakemake refuses a locked directory, and cannot say whether its holder lives. The processes of this
machine tell: every one of a run has the run's directory as its own. SLURM's queue tells of jobs on others.
"""

import atexit
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from unscene.run.counts import tell_count
from unscene.run.queued_jobs import list_queued_jobs, write_cancellation

LOCKS = Path(".snakemake", "locks")
_MOST_NAMED = 3
# With these no lock is taken: a cluster's job works under the lock of its run.
_UNLOCKED = {"--unlock", "--nolock", "-n", "--dry-run", "--dryrun"}
_ASKS: ContextVar[bool] = ContextVar("asks", default=False)
_NEEDS_WEIGHTS: ContextVar[bool] = ContextVar("needs_weights", default=True)


@contextmanager
def asking(needs_weights: bool = True) -> Iterator[None]:
    """Read the rules only to ask something of them: a locked directory refuses nothing to that.

    needs_weights: False where weights that are not there refuse nothing either.
    """
    before, needed = _ASKS.set(True), _NEEDS_WEIGHTS.set(needs_weights)
    try:
        yield
    finally:
        _ASKS.reset(before)
        _NEEDS_WEIGHTS.reset(needed)


def needs_weights() -> bool:
    """Tell whether the weights that a config names must be there for what is done now."""
    return _NEEDS_WEIGHTS.get()


def tell_of_lock(is_started: Callable[[], bool]) -> None:
    """Let this process end with the way out, when it finds the directory locked and starts no job.

    is_started: tells at the end whether jobs were started, so that the lock was this process's own.
    """
    run = Path.cwd()
    if _ASKS.get() or not _UNLOCKED.isdisjoint(sys.argv) or not is_locked(run):
        return

    def tell() -> None:
        if not is_started() and is_locked(run):
            print(f"\nunscene: {describe_lock(run)}", file=sys.stderr)

    atexit.register(tell)


def is_locked(run: Path) -> bool:
    """Tell whether a run's directory is locked, by a run at work or by one that was killed."""
    folder = run / LOCKS
    return folder.is_dir() and any(folder.iterdir())


def describe_lock(run: Path) -> str:
    """Return who holds a locked directory, as far as this machine can tell, and what to do."""
    drivers, jobs = list_processes(run)
    where = shlex.quote(str(run.resolve()))
    if drivers:
        return (
            f"another run is at work in {where} (process {_name(drivers)}). Wait for it, or stop it with"
            f" Ctrl-C there (kill -INT {drivers[0]}); then run the same line again."
        )
    unlock = f"snakemake --unlock --directory {where} (and the same --configfile)"
    try:
        queued = list_queued_jobs(run)
    except RuntimeError as error:
        return f"the run in {where} is locked, and {error}. Try again when it does."
    if queued:
        return (
            f"the run in {where} has {tell_count(len(queued), 'job')} in SLURM's queue, and no"
            " Snakemake on this machine.\n"
            "  Where it is at work on another machine, let it be. Where it was killed, wait until its jobs\n"
            f"  have ended, or end them: {write_cancellation(queued)}\n"
            f"  Then {unlock},\n  and the same line again: nothing that was finished is lost."
        )
    if jobs:
        return (
            f"the run in {where} was killed, and a job of it is still at work (process {_name(jobs)}).\n"
            f"  Wait until it has ended, or end it (kill {' '.join(map(str, jobs))}). Then {unlock},\n"
            "  and the same line again: nothing that was finished is lost."
        )
    return (
        f"the run in {where} was killed, by a signal or a power cut; no process of it is left on this"
        f" machine.\n  On a shared disk, look on the others. Then {unlock},\n"
        "  and the same line again: nothing that was finished is lost."
    )


def tell_work(run: Path) -> str:
    """Return for somebody who only looks who holds a locked directory; of a killed run the way out."""
    drivers, _ = list_processes(run)
    return f"a run is at work here (process {_name(drivers)})" if drivers else describe_lock(run)


def is_at_work(run: Path) -> bool:
    """Tell whether a locked directory has a process on this machine, or a job in SLURM's queue."""
    try:
        return is_locked(run) and bool(any(list_processes(run)) or list_queued_jobs(run))
    except RuntimeError:  # SLURM does not answer: nobody can say
        return True


def list_processes(run: Path) -> tuple[list[int], list[int]]:
    """Return the ids of Snakemake's own processes that work in a run's directory, and of its jobs: of
    a cluster's, each a Snakemake itself, when this machine is one of its nodes.

    This process, and those that it came from, are left out.
    """
    import psutil

    me = psutil.Process()
    mine = {me.pid, *(parent.pid for parent in me.parents())}
    here = os.path.realpath(run)
    drivers: list[int] = []
    jobs: list[int] = []
    for process in psutil.process_iter():
        if process.pid in mine:
            continue
        try:
            line = process.cmdline()
            if os.path.realpath(process.cwd()) == here and "python" in process.name():
                scripts = os.path.join(here, ".snakemake", "scripts")
                is_job = "--target-jobs" in line or any(part.startswith(scripts) for part in line)
                is_driver = any("snakemake" in part for part in line[:3])
                (jobs if is_job else drivers if is_driver else []).append(process.pid)
        except psutil.Error:
            continue
    return drivers, jobs


def _name(processes: list[int]) -> str:
    shown = ", ".join(map(str, processes[:_MOST_NAMED]))
    return shown if len(processes) <= _MOST_NAMED else f"{shown} and {len(processes) - _MOST_NAMED} more"
