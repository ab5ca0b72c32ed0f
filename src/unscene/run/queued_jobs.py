"""Jobs of a run that SLURM still has: of the Snakemake at work, or of one that was killed.

The executor gives all jobs of one start of Snakemake one name, and writes it into Snakemake's log.
Nothing else in the queue tells the runs of a checkout apart: the jobs' own directory is that in which
Snakemake was called.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LOGS = Path(".snakemake", "log")
_NAME = re.compile(r"^SLURM run ID: (\S+)", re.MULTILINE)
_RULE = re.compile(r"rule_(.+?)(?:_wildcards_|$)")
_MOST_STARTS = 50  # of Snakemake in a directory, the newest ones
_HEAD_BYTES = 100_000


@dataclass(frozen=True)
class QueuedJob:
    """A job that waits, runs or ends. state: SLURM's word for it, in small letters."""

    id: str
    state: str
    rule: str


def list_queued_jobs(run: Path) -> list[QueuedJob]:
    """Return the jobs of a run's directory in SLURM's queue, none where there is no SLURM.

    Without a log of a start on SLURM nothing is asked. RuntimeError when SLURM does not answer.
    """
    names = list(_list_names(run))
    if not names or shutil.which("squeue") is None:
        return []
    command = ["squeue", "--noheader", f"--name={','.join(names)}", "--format=%A|%T|%k"]
    asked = subprocess.run(command, capture_output=True, text=True)
    if asked.returncode:
        raise RuntimeError(f"squeue does not answer: {asked.stderr.strip()}")
    jobs = []
    for line in asked.stdout.splitlines():
        number, state, comment = line.split("|", 2)
        rule = _RULE.match(comment)
        jobs.append(QueuedJob(number, state.lower(), rule[1] if rule else comment))
    return jobs


def find_orphans(run: Path) -> str | None:
    """Return what stops a start in a run's directory: jobs of an earlier one, with the way out; or None.

    To be asked before the first job is submitted: whatever is in the queue then is not this start's.
    """
    try:
        jobs = list_queued_jobs(run)
    except RuntimeError as error:
        return f"{error}. Jobs of an earlier start may be at work: try again when it does"
    if not jobs:
        return None
    counts = Counter(job.rule for job in jobs)
    told = ", ".join(f"{count} {rule}" for rule, count in counts.items())
    return (
        f"jobs of an earlier start are still in SLURM's queue ({told}), and new ones would write the same"
        f" files.\n  Wait until they have ended, or end them: {write_cancellation(jobs)}\n"
        "  Then the same line again: nothing that was finished is lost."
    )


def write_cancellation(jobs: Sequence[QueuedJob]) -> str:
    """Return the command that ends these jobs and no others."""
    return f"scancel {' '.join(job.id for job in jobs)}"


def _list_names(run: Path) -> Iterator[str]:
    """Yield the names of the jobs of each start on SLURM."""
    for log in sorted((run / LOGS).glob("*.log"), reverse=True)[:_MOST_STARTS]:
        with open(log, "rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
        if name := _NAME.search(head):
            yield name[1]
