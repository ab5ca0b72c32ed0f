"""Merge parts into a whole run: adopt what they made, join their ledgers, and say what is missing."""

from collections.abc import Sequence
from pathlib import Path

from unscene.answers.batches.joining import join_ledgers
from unscene.merging.adoption import HERE, Merged, adopt_jobs, open_parts
from unscene.merging.copying import copy_whole
from unscene.run.counts import tell_count
from unscene.run.needed_jobs import built_workflow
from unscene.run.parts import CHOSEN
from unscene.samples.piloting import PILOT

MOST_NAMED = 4


def merge_parts(
    parts: Sequence[Path],
    directory: Path,
    configfiles: list[str],
    snakefile: Path,
    changes: bool = True,
    part: str | None = None,
) -> Merged:
    """Merge parts into the run of a directory, which need not be there yet; return what it came to.

    changes: False only judges. What is here and known to Snakemake stays; merging again adopts what has
    come since. part: `2/4` takes the copy of this one part back, to go on with it on another machine.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if changes:
        _take_choices(parts, directory, [PILOT, Path(CHOSEN)] if part else [PILOT])
        join_ledgers([one / "state" for one in parts], directory / "state", moves=part is not None)
    sources = open_parts([one.resolve() for one in parts])
    whole = {"config": {"part": part}, "configfiles": configfiles, "snakefile": snakefile}
    with built_workflow(directory, **whole) as workflow:
        found = adopt_jobs(workflow, sources, changes)
    if changes and found.was_chosen:
        # Requests hold the number that the study chose, so they are known only when it is here.
        first = found
        with built_workflow(directory, **whole) as workflow:
            found = adopt_jobs(workflow, sources)
        found.adopted += first.adopted
        found.taken_back += first.taken_back
        found.trainings += first.trainings
        found.photos_elsewhere += first.photos_elsewhere
    return found


def _take_choices(parts: Sequence[Path], directory: Path, files: Sequence[Path]) -> None:
    """Copy what must be here before the shards or the requests are known: each file from the first part
    that has it.
    """
    for file in files:
        there = [part / file for part in parts if (part / file).is_file()]
        if there and not (directory / file).exists():
            copy_whole(there[0], directory / file)


def format_merged(found: Merged, command: str, changes: bool = True) -> str:
    """Return in plain words what a merge came to. command: with which the run goes on. changes: False
    of a merge that only judged.
    """
    of_parts = ", ".join(f"{count} of {name}" for name, count in found.adopted.items() if name != HERE)
    done = "adopted" if changes else "would be adopted"
    lines = [f"{done}: {tell_count(found.adopted.total(), 'job')}" + (f" ({of_parts})" if of_parts else "")]
    if found.adopted[HERE]:
        lines.append(f"    of them {found.adopted[HERE]} were here, without a note of Snakemake's")
    for job, items in found.taken_back.items():
        lines.append(f"half done: {job}, which goes on after {tell_count(items, 'finished item')}")
    for model in found.trainings:
        lines.append(f"half done: the training of {model}, which goes on from its last state")
    if found.missing:
        lines.append(f"missing, in no part: {tell_count(len(found.missing), 'shard')}")
        lines += [f"    {shard}: {_name_some(rules)}" for shard, rules in sorted(found.missing.items())]
    if found.damaged:
        lines += ["damaged:", *(f"    {text}" for text in found.damaged)]
    if found.other:
        lines.append("made with other settings:")
        for (part, cause), jobs in found.other.items():
            lines.append(f"    {part}: {cause} (there -> here): {_name_some(jobs)}")
    if found.followers and (found.damaged or found.other):
        lines.append(
            f"    and what follows what is damaged or of other settings: {tell_count(found.followers, 'job')}"
        )
    for part, jobs in found.unrecorded.items():
        lines.append(
            f"{part}: no record that can be read tells how {tell_count(len(jobs), 'result')} came:"
            f" {_name_some(jobs)}; copy `results/records` of this part again"
        )
    for source, count in found.photos_elsewhere.items():
        if count:
            lines.append(
                f"photos: {count} of source {source} are not on this machine (samples.sources, `images`);"
                " selection, training and the report read them"
            )
    if found.left:
        of_shards = ", ".join(f"{rule} ({count})" for rule, count in found.left_of_shards.items())
        # A job on all shards that is there counts as made until the shard's job has run.
        of_shards += ", and what follows from them" * bool(of_shards)
        after = found.left.total() - found.left_of_shards.total()
        told = [f"of shards {of_shards}"] * bool(of_shards) + [
            f"{tell_count(after, 'job')} on all shards"
        ] * bool(after)
        lines.append("the run still makes: " + "; ".join(told))
        judged = not changes and found.adopted
        lines.append(
            "nothing was changed: the same line without --check adopts"
            if judged
            else f"go on with: {command}"
        )
    else:
        lines.append("nothing is left to do")
    return "\n".join(lines)


def _name_some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
