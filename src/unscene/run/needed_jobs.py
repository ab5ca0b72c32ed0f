"""Which jobs would a run start now, and why? Asked of Snakemake itself, in plain words: `unscene why`.

Snakemake has no public call for this; the private names used here are why its version is pinned.
"""

import ast
import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from unscene.run.checkout import CHECKOUT
from unscene.run.code_versions import list_changed
from unscene.run.configuration import ConfigError
from unscene.run.left_locks import asking
from unscene.run.questions import questioning
from unscene.run.records import RECORDS

NOTHING = "Nothing would run: every result is up to date."
# Inputs up to this size are compared by content when they are newer. profiles/default says the same
# to the command line.
MAX_CHECKSUM_FILE_SIZE = 1_000_000_000
MOST_NAMED = 3
# The value of a setting that only one of two lineages has.
ABSENT = "not used"
# Folders below results/ that rules make when they are asked for, and that no target names.
ON_DEMAND = ("publish", "pilot")


@dataclass
class NeededRule:
    """The jobs of a rule that would run. `causes` say what changed of the rule itself, with the
    files that it is about.

    Without any, the rule follows others.
    """

    jobs: int = 0
    causes: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspection:
    """What a run would do: the rules in the order of the flow, frozen scripts whose code changed,
    and what nothing makes any more.
    """

    rules: dict[str, NeededRule]
    undecided: list[str]
    left_over: list[str]


def inspect_run(
    directory: str | Path,
    config: dict | None = None,
    configfiles: list[str] | None = None,
    snakefile: str | Path = CHECKOUT / "Snakefile",
) -> Inspection:
    """Return what a run in `directory` would do now. config: overrides, merged over the config
    files as `--config` does.
    """
    with asking(), built_workflow(directory, config, configfiles, snakefile) as workflow:
        return _inspect(workflow)


@contextmanager
def built_workflow(
    directory: str | Path,
    config: dict | None = None,
    configfiles: list[str] | None = None,
    snakefile: str | Path = CHECKOUT / "Snakefile",
) -> Iterator:
    """Yield Snakemake's workflow of a run, its graph of jobs built, and nothing run; the current
    directory is the run's meanwhile. Takes what `inspect_run` takes.
    """
    from snakemake.api import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings, SnakemakeApi
    from snakemake.settings.enums import Quietness, RerunTrigger

    back = Path.cwd()
    try:
        with questioning(), SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(
                    config=config or {}, configfiles=[Path(file).resolve() for file in configfiles or []]
                ),
                snakefile=Path(snakefile).resolve(),
                workdir=Path(directory).resolve(),
            )
            # The profile's triggers: profiles are read by the command line only.
            settings = DAGSettings(
                rerun_triggers=frozenset({RerunTrigger.INPUT, RerunTrigger.MTIME, RerunTrigger.PARAMS}),
                max_checksum_file_size=MAX_CHECKSUM_FILE_SIZE,
            )
            inner = workflow.dag(settings).workflow_api._workflow
            inner._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
            inner._build_dag()
            yield inner
    except SystemExit as stop:  # of a config that is wrong
        raise ConfigError(stop.code) from None
    finally:
        os.chdir(back)


def list_needed_jobs(*arguments, **named) -> dict[str, int]:
    """Return {rule: number of jobs} that a run would start now; takes what `inspect_run` takes."""
    return {rule: needed.jobs for rule, needed in inspect_run(*arguments, **named).rules.items()}


def _inspect(workflow) -> Inspection:
    found: dict[str, NeededRule] = {}
    for job in workflow.dag.needrun_jobs():
        if job.rule.name == workflow.default_target:
            continue
        needed = found.setdefault(job.rule.name, NeededRule())
        needed.jobs += 1
        for cause, files in _list_causes(job, workflow):
            needed.causes.setdefault(cause, set()).update(map(str, files))
    order = [rule.name for rule in workflow.rules]
    scripts = workflow.globals["LINEAGE"].list_scripts()
    changed = set(list_changed())
    undecided = {script for script, frozen in scripts.values() if frozen and script in changed}
    return Inspection(
        rules=dict(sorted(found.items(), key=lambda item: order.index(item[0]))),
        undecided=sorted(undecided),
        left_over=[
            str(Path(path).absolute())
            for path in list_left_over({str(file) for job in workflow.dag.jobs for file in job.output})
        ],
    )


def _list_causes(job, workflow) -> list[tuple[str, Iterable]]:
    """Say what changed of a job itself, and of which files; nothing when it runs only because
    another does.
    """
    reason = workflow.dag.reason(job)
    own = not reason.derived
    causes: list[tuple[str, Iterable]] = []
    if reason.forced:
        causes.append(("it was forced", ()))
    if reason.missing_output and all(Path(file).exists() for file in job.input):
        causes.append(("missing", reason.missing_output))
    recorded = workflow.persistence.metadata(job.output[0]) if job.output else None
    if own and (reason.updated_input or reason.input_changed):
        causes += _tell_inputs(job, set(map(str, reason.updated_input)), recorded)
    if recorded is not None and recorded.params:
        before = _read_lineage(recorded.params)
        told = tell_changes(before, job.params.lineage) if before else ["an older version of unscene made it"]
        causes += [(cause, ()) for cause in told]
    return causes


def _tell_inputs(job, newer: set[str], recorded) -> Iterator[tuple[str, Iterable]]:
    """Say what became of a job's inputs. Snakemake calls one that it did not read before newer, too."""
    now = set(map(str, job.input))
    before = now if recorded is None or recorded.input is None else set(recorded.input)
    told = {
        "newer, with other content": newer & before,
        "reads now": now - before,
        "reads no longer": before - now,
    }
    yield from ((cause, files) for cause, files in told.items() if files)


def _read_lineage(params: list) -> dict | None:
    for text in params:
        value = ast.literal_eval(text) if isinstance(text, str) and text.startswith("{") else None
        if isinstance(value, dict) and "parents" in value:
            return value
    return None


def tell_changes(before: dict, now: dict) -> list[str]:
    """Say what differs between two lineages of one rule, parents left out: each key with its old
    and its new value.
    """
    told = [
        f"{key}: {_show(old)} -> {_show(new)}"
        for key, old, new in _compare(before["settings"], now["settings"])
    ]
    if before["code"] != now["code"]:
        told.append(f"its code: {before['code']} -> {now['code']}")
    for kind in ("weights", "files"):
        told += [
            f"{key}: {_tell_content(old, new)}"
            for key, old, new in _compare(before.get(kind, {}), now.get(kind, {}))
        ]
    if "chosen" in now:
        told += [
            f"{key}: {_show(old)} -> {_show(new)}"
            for key, old, new in _compare(before.get("chosen", {}), now["chosen"])
        ]
    return told


def _tell_content(old: object, new: object) -> str:
    """Say what became of a file, by its fingerprints: None of one that the config does not name."""
    if ABSENT not in (old, new) and None not in (old, new):
        return "other content"
    return " -> ".join(_show(one) if one in (None, ABSENT) else "a path" for one in (old, new))


def _compare(before: object, now: object, key: str = "") -> list[tuple[str, object, object]]:
    """Return (dotted key, old, new) of every value that differs; ABSENT where one has none."""
    if isinstance(before, dict) and isinstance(now, dict):
        names = [*before, *(name for name in now if name not in before)]
        return [
            found
            for name in names
            for found in _compare(
                before.get(name, ABSENT), now.get(name, ABSENT), f"{key}.{name}".lstrip(".")
            )
        ]
    return [] if before == now else [(key, before, now)]


def list_left_over(made: set[str], results: Path = Path("results")) -> list[str]:
    """Return the topmost paths below `results` that no job of this config makes: results of another
    config.
    """
    kept = {Path(path) for path in made}
    needed = {parent for path in kept for parent in path.parents}
    aside = {results / name for name in (RECORDS.name, *ON_DEMAND)}
    left: list[str] = []
    waiting = [results]
    while waiting:
        folder = waiting.pop()
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path in kept or path.name.startswith(".") or path in aside:
                continue
            if path in needed:
                waiting.append(path)
            else:
                left.append(str(path))
    return sorted(left)


def format_inspection(found: Inspection) -> str:
    """Return an inspection in plain words: causes first, then what follows them, then what needs a
    decision.
    """
    lines = []
    causing = {rule: needed for rule, needed in found.rules.items() if needed.causes}
    following = {rule: needed for rule, needed in found.rules.items() if not needed.causes}
    if not found.rules:
        lines.append(NOTHING)
    for rule, needed in causing.items():
        lines.append(f"{rule} ({_count(needed.jobs)}):")
        lines += [f"    {cause}{_name_some(files)}" for cause, files in needed.causes.items()]
    if following:
        lines.append(
            "what follows: " + ", ".join(f"{rule} ({needed.jobs})" for rule, needed in following.items())
        )
    if found.undecided:
        lines.append(
            f"WARNING: the code of {', '.join(found.undecided)} is not the recorded one, and its results are"
            " kept all the same. Decide: python -m unscene.run.code_versions raise|keep SCRIPT (raise:"
            " outputs change)"
        )
    if found.left_over:
        lines.append("Results that nothing in this config makes; remove them when you don't need them:")
        lines += [f"    rm -r {shlex.quote(path)}" for path in found.left_over]
    return "\n".join(lines)


def warn_of_hidden_jobs(workflow) -> None:
    """Say on stderr when a run that has just ended well leaves something to do.

    Snakemake does not look through `ancient` inputs for jobs that are due when another job above
    them is due, too, so a change can need a second run. Asked of the run's own graph, which is in
    memory.
    """
    hidden: dict[str, int] = {}
    for job in workflow.dag.jobs:
        if job.output and not workflow.dag.finished(job) and _is_due(job, workflow.persistence):
            hidden[job.rule.name] = hidden.get(job.rule.name, 0) + 1
    if hidden:
        told = ", ".join(f"{rule} ({_count(jobs)})" for rule, jobs in hidden.items())
        print(f"The whole run has still to do {told}: run the same line once more.", file=sys.stderr)


def _is_due(job, persistence) -> bool:
    """Tell whether an output is missing, or another lineage made it than the one that the job would
    have now.
    """
    if not all(Path(str(file)).exists() for file in job.output):
        return True
    recorded = persistence.metadata(job.output[0])
    # Anew, since a lineage may hold what a file of this run says.
    _, params = job.rule.expand_params(job.wildcards_dict, job.input, job.output, job)
    now = {persistence._serialize_param(value) for value in params}
    return recorded is not None and recorded.params is not None and set(recorded.params) != now


def _count(jobs: int) -> str:
    return f"{jobs} job{'s' if jobs > 1 else ''}"


def _name_some(files: set[str]) -> str:
    names = sorted(files)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f": {', '.join(names[:MOST_NAMED])}{more}" if names else ""


def _show(value: object) -> str:
    text = ABSENT if value == ABSENT else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:197]}..."
