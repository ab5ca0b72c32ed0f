"""Adopt what parts of a run have made: each result judged by the record of the job that made it, and noted
for Snakemake as if this run had made it.

A result counts when its record has the lineage that the whole run asks for, when every file has the
SHA-256 of the record, and when its job read the very inputs that the whole has. Times count nothing.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snakemake.io import is_flagged

from unscene.merging.copying import copy_whole
from unscene.merging.notes import is_current, is_known, note_made
from unscene.merging.photos import is_samples_table, name_photos_here
from unscene.merging.training_states import take_back_state
from unscene.merging.unfinished import take_back
from unscene.plan.submitting import sum_up_if_answered
from unscene.run.lineage import digest
from unscene.run.needed_jobs import tell_changes
from unscene.run.parts import CHOSEN
from unscene.run.records import (
    Made,
    find_damage,
    fingerprint_now,
    hash_content,
    index_outputs,
    name_record,
    write_record,
)
from unscene.run.shard_names import get_source_name
from unscene.run.tables import write_json
from unscene.training.state import MODELS

HERE = "the whole"


@dataclass
class Source:
    """A part: its name, its directory, and what its records say of each output."""

    name: str
    path: Path
    made: dict[str, list[Made]]


@dataclass
class Merged:
    """What a merge came to. other: {(part, what differs): jobs}, of jobs whose own settings differ;
    followers: jobs that differ only since an earlier one does. unrecorded: {part: jobs} whose results are
    there without a record that can be read. taken_back: items that were finished of a job that is not.
    trainings: models whose trainings go on from a part's state. Jobs are (rule, wildcards as text).
    """

    adopted: Counter = field(default_factory=Counter)
    missing: dict[str, list[str]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    unrecorded: dict[str, list[str]] = field(default_factory=dict)
    other: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    followers: int = 0
    left: Counter = field(default_factory=Counter)
    left_of_shards: Counter = field(default_factory=Counter)
    photos_elsewhere: Counter = field(default_factory=Counter)
    taken_back: Counter = field(default_factory=Counter)
    trainings: list[str] = field(default_factory=list)
    was_chosen: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every shard is here."""
        return not (self.missing or self.damaged or self.other or self.unrecorded)


def open_parts(parts: Sequence[Path]) -> list[Source]:
    """Return the parts with what their records say. Paths are absolute; a part is named by its path."""
    return [Source(str(path), path, index_outputs(path)) for path in parts]


def adopt_jobs(workflow: Any, parts: Sequence[Source], changes: bool = True) -> Merged:
    """Adopt into the run of `workflow`, whose directory is the current one, what its parts have.

    changes: False only judges. Results that are here are judged like those of a part where Snakemake
    knows nothing of them: then the run itself is a copy.
    """
    found = Merged()
    here = Source(HERE, Path(), index_outputs(Path()))
    needed = set(workflow.dag.needrun_jobs())
    sources = workflow.globals["SOURCES"]
    taken: dict[str, set[str]] = {}
    for told in here.made.values():
        for made in told:
            for path, before in made.record.get("aliases", {}).items():
                taken.setdefault(path, set()).update(before)
    for job in iterate_jobs(workflow):
        is_here = all(Path(file).exists() for file in job.output)
        if is_here and is_current(workflow, job):
            if job in needed:
                _count_left(job, found)
            continue
        is_copied = is_here and not is_known(workflow, job)
        candidates = [here, *parts] if is_copied else parts
        faults: list[tuple[Source, str, Any]] = []
        for part in candidates:
            fault = judge(job, part, taken)
            if fault is None:
                fault = ("damaged", damage) if (damage := _find_damage(job, part)) else None
            if fault is None:
                found.adopted[part.name] += 1
                if changes:
                    _take(workflow, job, part, sources, found, taken)
                found.was_chosen |= CHOSEN in map(str, job.output)
                break
            faults.append((part, *fault))
        else:
            if changes and _sum_up(workflow, job):
                continue
            _tell(job, faults, found)
            if is_copied and changes:
                _give_up(workflow, job, here)
            if changes:
                _hold_place(workflow, job)
                _take_back(job, parts, found)
    return found


def iterate_jobs(workflow: Any) -> Iterator:
    """Yield the jobs of a run in the order of the flow, without the one that is only a target."""
    for level in workflow.dag.toposorted():
        for job in sorted(level, key=lambda job: (job.rule.name, str(job.wildcards))):
            if job.rule.name != workflow.default_target and job.output:
                yield job


def judge(job: Any, part: Source, taken: dict[str, set[str]]) -> tuple[str, Any] | None:
    """Say why a part's result of a job does not do, without reading the result; None when it may do.

    ("absent", None), ("unrecorded", path), ("other", [what differs]) or ("inputs", path). taken: the
    fingerprints that stand for a file here which was changed as it was adopted.
    """
    wanted = digest(job.params.lineage)
    for file in map(str, job.output):
        told = part.made.get(file, [])
        fitting = [made for made in told if made.digest == wanted]
        if fitting:
            continue
        if told:
            return "other", tell_changes(told[-1].record["lineage"], job.params.lineage)
        return ("unrecorded", file) if (part.path / file).exists() else ("absent", None)
    for file in job.input:
        if is_flagged(file, "ancient") or not Path(file).is_file():
            continue
        known = {fingerprint_now(file), *taken.get(str(file), ())}
        for output in map(str, job.output):
            if not any(made.record["inputs"].get(str(file)) in known for made in part.made[output]):
                return "inputs", str(file)
    return None


def _choose(job: Any, part: Source, file: str) -> Made:
    """Return the record of an output that fits it best: of the right lineage, and whole if any is."""
    wanted = digest(job.params.lineage)
    fitting = [made for made in part.made[file] if made.digest == wanted]
    whole = [made for made in fitting if find_damage(part.path / file, made.content) is None]
    return (whole or fitting)[0]


def _find_damage(job: Any, part: Source) -> str | None:
    for file in map(str, job.output):
        damage = find_damage(part.path / file, _choose(job, part, file).content)
        if damage:
            return damage
    return None


def _take(
    workflow: Any, job: Any, part: Source, sources: dict, found: Merged, taken: dict[str, set[str]]
) -> None:
    """Copy the outputs of a job with its record, log and benchmark, and note them for Snakemake."""
    records = {id(made.record): made.record for made in (_choose(job, part, str(f)) for f in job.output)}
    if part.path != Path():
        for file in map(str, job.output):
            _copy(part.path / file, Path(file))
        for file in (*job.log, *filter(None, [job.benchmark])):
            _copy_if_there(part.path / file, Path(file))
        if job.benchmark:
            timing = Path(job.benchmark).with_suffix(".device.json")
            _copy_if_there(part.path / timing, timing)
    for record in records.values():
        for file in filter(is_samples_table, map(str, job.output)):
            before = fingerprint_now(file)
            source = sources[get_source_name(Path(file).stem)]
            found.photos_elsewhere[source["name"]] += name_photos_here(Path(file), source)
            if fingerprint_now(file) != before:
                aliases = set(record.get("aliases", {}).get(file, ())) | {before}
                record["aliases"] = {file: sorted(aliases)}
                record["outputs"][file] = hash_content(file)
            if record.get("aliases", {}).get(file):
                taken[file] = set(record["aliases"][file])
        write_json(record, name_record(record["rule"], record["wildcards"]))
    note_made(workflow, job)


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        copy_whole(source, target)
    else:
        target.mkdir(parents=True, exist_ok=True)  # an empty folder, which the copy of the part lost


def _copy_if_there(source: Path, target: Path) -> None:
    if source.is_file():
        _copy(source, target)


def _give_up(workflow: Any, job: Any, here: Source) -> None:
    """Let Snakemake make anew what lies here and does not do: it would take a file that it knows
    nothing of for its own.
    """
    told = [made for file in job.output for made in here.made.get(str(file), [])]
    wanted = digest(job.params.lineage)
    others = [made for made in told if made.digest != wanted]
    if others:
        note_made(workflow, job, others[-1].record["lineage"])
        return
    for file in map(Path, job.output):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)


def _take_back(job: Any, parts: Sequence[Source], found: Merged) -> None:
    """Take back what a part had finished of a job, for the job to go on from there: of its items, and of
    trainings.
    """
    lineage, paths = job.params.lineage, [part.path for part in parts]
    name = name_record(lineage["rule"], job.wildcards_dict).stem
    items = take_back(lineage["rule"], name, digest(lineage), paths)
    found.taken_back.update({f"{job.rule.name} of {name}": items} if items else {})
    for file in map(Path, job.output):
        is_model = file.is_relative_to(MODELS) and file.name == "meta.json"
        if is_model and take_back_state(file.parent, digest(lineage), paths):
            found.trainings.append(str(file.parent))


def _sum_up(workflow: Any, job: Any) -> bool:
    """Make the list of batches of a stage when the joined ledgers have all its answers; say whether it was.

    It is in no part, since each part knows its own. While it is due, Snakemake does not look at what is
    due behind it, and asks for a second run.
    """
    if not job.rule.name.startswith("submit_") or not all(Path(file).is_file() for file in job.input):
        return False
    config, (summary,) = workflow.globals["config"], map(str, job.output)
    if not sum_up_if_answered(job.rule.name, config, list(map(str, job.input)), summary):
        return False
    write_record(job.rule.name, job.wildcards_dict, job.params.lineage, map(str, job.input), [summary])
    note_made(workflow, job)
    return True


def _hold_place(workflow: Any, job: Any) -> None:
    """Put an empty file where a file is not here of which other jobs need only that it is (`ancient`).

    While it is missing, Snakemake would make anew all that came after it, on devices too. The empty file is
    noted as made by nothing, so its own job makes it anew.
    """
    users = workflow.dag.depending[job].values()
    missing = [file for file in job.output if not Path(file).exists()]
    if missing and any(is_flagged(file, "ancient") for files in users for file in files):
        for file in map(Path, missing):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        note_made(workflow, job, {**job.params.lineage, "code": "none yet: its place is held"})


def _count_left(job: Any, found: Merged) -> None:
    found.left[job.rule.name] += 1
    found.left_of_shards.update([job.rule.name] if "shard" in job.wildcards_dict else [])


def _tell(job: Any, faults: list[tuple[Source, str, Any]], found: Merged) -> None:
    """Add to the account of a merge what is not here: of the job's faults the one that says most."""
    _count_left(job, found)
    shard = job.wildcards_dict.get("shard")
    name = f"{job.rule.name} of {shard}" if shard else job.rule.name
    told = False
    for part, kind, what in faults:
        if kind == "damaged":
            found.damaged.append(f"{name}: {what}")
            told = True
        elif kind == "other":
            for cause in what:
                found.other.setdefault((part.name, cause), []).append(name)
            found.followers += not what
            told = True
        elif kind == "inputs":
            found.followers += 1
            told = True
        elif kind == "unrecorded":
            found.unrecorded.setdefault(part.name, []).append(name)
            told = True
    if shard and not told:
        found.missing.setdefault(shard, []).append(job.rule.name)
