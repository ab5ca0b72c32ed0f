"""How far a run is: shards and jobs by stage, the time that is left, dollars. Nothing is changed."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from unscene.answers.batches.ledger import Ledger, LedgerError
from unscene.merging.adoption import Source, iterate_jobs, open_parts
from unscene.report.rules import list_rules
from unscene.run.counts import tell_count
from unscene.run.left_locks import asking, is_at_work, is_locked, tell_work
from unscene.run.lineage import digest
from unscene.run.needed_jobs import built_workflow
from unscene.run.queued_jobs import list_queued_jobs
from unscene.run.records import iterate_records

_ENDED_BADLY = re.compile(r"^\S+ ERROR (?:stopped|failed) after ", re.MULTILINE)
_TAIL_BYTES = 20_000


@dataclass
class Stage:
    """A stage: its jobs by state, and of its shards those that have all their files."""

    jobs: Counter = field(default_factory=Counter)
    shards: set[str] = field(default_factory=set)
    open_shards: set[str] = field(default_factory=set)


@dataclass
class Progress:
    """How far a run is. seconds: of all jobs that are left, one after the other; unmeasured: how many of
    them have no measured job of their rule beside them. queue: {rule: {state of SLURM: jobs}}. other:
    the source of results that are there, when not one of them is of this config.
    """

    stages: dict[str, Stage] = field(default_factory=dict)
    seconds: float = 0.0
    unmeasured: int = 0
    usd: float = 0.0
    usd_under_way: float = 0.0
    failed: list[str] = field(default_factory=list)
    queue: dict[str, Counter] | None = None
    notes: list[str] = field(default_factory=list)
    other: str | None = None


def read_progress(
    directory: Path, configfiles: list[str], snakefile: Path, parts: Sequence[Path] = ()
) -> Progress:
    """Return how far the run of a directory is, with what its parts have made counted as done."""
    found = Progress()
    sources = open_parts([part.resolve() for part in parts])
    folders = [directory.resolve(), *(source.path for source in sources)]
    durations = read_durations(folders)
    stage_of = list_rules()
    config = {"part": None} if parts else {}
    with asking(needs_weights=False), built_workflow(directory, config, configfiles, snakefile) as workflow:
        needed = set(workflow.dag.needrun_jobs())
        lacking = [text.partition("; ")[0] for text in workflow.globals["LACKING"]]
        if lacking:
            lacking.append("weights that are not there count as those that this run was made with")
        found.notes += lacking
        is_running = is_at_work(Path.cwd())
        if is_locked(Path.cwd()):
            found.notes.append(tell_work(Path.cwd()))
        kept = workflow.persistence
        for job in iterate_jobs(workflow):
            stage = found.stages.setdefault(stage_of.get(job.rule.name, "other"), Stage())
            shard = job.wildcards_dict.get("shard")
            if shard:
                stage.shards.add(shard)
            if job not in needed or any(_has_made(source, job) for source in sources):
                stage.jobs["done"] += 1
                continue
            if shard:
                stage.open_shards.add(shard)
            begun = kept._filter_incomplete_keys([kept._get_key(file) for file in job.output])
            if begun and is_running:
                state = "running"
            elif any(_ended_badly(folder / log) for folder in folders for log in job.log):
                state = "failed"
                found.failed.append(f"{job.rule.name} {shard or ''}".strip() + f" (see {job.log[0]})")
            else:
                state = "left"
            stage.jobs[state] += 1
            if job.rule.name in durations:
                found.seconds += durations[job.rule.name]
            else:
                found.unmeasured += 1
        if not any(stage.jobs["done"] for stage in found.stages.values()):
            now: dict[str, list[dict]] = {}
            for job in iterate_jobs(workflow):
                now.setdefault(job.rule.name, []).append(job.params.lineage)
            found.other = find_other_source(iterate_records(Path.cwd()), now)
        _read_dollars(folders, found)
    order = [*dict.fromkeys(stage_of.values()), "other"]
    found.stages = dict(sorted(found.stages.items(), key=lambda item: order.index(item[0])))
    found.queue = read_queue(directory.resolve())
    return found


def find_other_source(records: Iterable[dict], now: Mapping[str, Sequence[dict]]) -> str | None:
    """Return the name of a source that records are of, when a config has none with its settings: of
    that name or of another. now: {rule: lineages of its jobs}, rules in the order of the flow.
    """
    first: dict[str, dict] = {}
    for record in records:
        first.setdefault(record["rule"], record["lineage"])
    for rule, jobs in now.items():
        there = first.get(rule)
        if there is None or "source" not in there["settings"]:
            continue
        # The jobs of a rule may be of several sources: one of them is enough.
        if there["settings"]["source"] not in [here["settings"]["source"] for here in jobs]:
            return there["settings"]["source"]["name"]
    return None


def read_durations(folders: Sequence[Path]) -> dict[str, float]:
    """Return {rule: mean seconds of its jobs} from the benchmark files below several runs."""
    seconds: dict[str, list[float]] = {}
    for folder in folders:
        for path in (folder / "benchmarks").rglob("*.tsv"):
            rule = path.relative_to(folder / "benchmarks").parts[0].removesuffix(".tsv")
            seconds.setdefault(rule, []).extend(pd.read_csv(path, sep="\t", na_values="-")["s"].dropna())
    return {rule: sum(values) / len(values) for rule, values in seconds.items() if values}


def read_queue(directory: Path) -> dict[str, Counter] | None:
    """Return {rule: {state: jobs}} of what SLURM has of a directory's run; None without SLURM."""
    if shutil.which("squeue") is None:
        return None
    queue: dict[str, Counter] = {}
    for job in list_queued_jobs(directory):
        queue.setdefault(job.rule, Counter())[job.state] += 1
    return queue


def format_progress(found: Progress) -> str:
    """Return progress as a table of stages, and lines on time and money."""
    lines = [f"{'stage':<12}{'shards':>12}{'jobs done':>14}{'running':>9}{'failed':>8}{'left':>7}"]
    for name, stage in found.stages.items():
        whole = len(stage.shards) - len(stage.open_shards)
        shards = f"{whole}/{len(stage.shards)}" if stage.shards else "-"
        jobs = f"{stage.jobs['done']}/{stage.jobs.total()}"
        states = (stage.jobs[state] for state in ("running", "failed", "left"))
        lines.append(f"{name:<12}{shards:>12}{jobs:>14}" + "{:>9}{:>8}{:>7}".format(*states))
    if found.queue is not None:
        told = (f"{rule} {dict(states)}" for rule, states in found.queue.items())
        lines.append("SLURM: " + (", ".join(told) or "no job of this directory in the queue"))
    lines += [f"failed: {text}" for text in found.failed]
    left = sum(stage.jobs.total() - stage.jobs["done"] for stage in found.stages.values())
    if not left:
        lines.append("time: nothing is left to do")
    else:
        unmeasured = (
            f", and {tell_count(found.unmeasured, 'job')} of rules without a measured one"
            if found.unmeasured
            else ""
        )
        lines.append(
            f"time: about {_tell_hours(found.seconds)} of jobs one after the other{unmeasured}; k at once"
            " take a k-th"
        )
    lines.append(f"dollars: ${found.usd:.2f} spent, ${found.usd_under_way:.2f} under way at worst")
    return "\n".join([*lines, *found.notes])


def _has_made(source: Source, job) -> bool:
    wanted = digest(job.params.lineage)
    return all(
        any(made.digest == wanted for made in source.made.get(str(file), ()))
        and (source.path / file).exists()
        for file in job.output
    )


def _ended_badly(log: Path) -> bool:
    if not log.is_file():
        return False
    with open(log, "rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return _ENDED_BADLY.search(file.read().decode("utf-8", "replace")) is not None


def _read_dollars(folders: Sequence[Path], found: Progress) -> None:
    for folder in folders:
        for path in sorted((folder / "state/api").glob("*/ledger.sqlite")):
            try:
                ledger = Ledger(path.parent)
                found.usd += ledger.sum_usd()
                found.usd_under_way += ledger.sum_worst_usd()
                ledger.close()
            except LedgerError as error:
                found.notes.append(str(error))


def _tell_hours(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
