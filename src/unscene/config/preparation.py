"""A run's config made ready: read as Snakemake reads it, checked as a whole, and completed."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from unscene.config.checks import (
    check_keys,
    check_paths,
    check_sources_there,
    check_toy,
    expand_detectors,
)
from unscene.config.checks.paths import HERE
from unscene.config.files import check_syntax, read_files, read_places
from unscene.config.names import find_nearest, list_names
from unscene.config.problems import Problem, format_screen, read_message
from unscene.config.schema import SCHEMA
from unscene.config.validation import find_mistakes, read_numbers
from unscene.evaluation.sets.exam import add_exam_sets
from unscene.run.configuration import ConfigError, trains


def prepare_config(
    config: dict,
    files: Sequence[Path],
    checkout: Path,
    paths: bool = True,
    given: Mapping | None = None,
    count: Callable[[], None] | None = None,
    directory: Path = HERE,
) -> None:
    """Check a config that was merged from files and complete it, in place.

    files: in their order, the default first. paths: whether what it names must be there, too.
    given: keys that the command line gave. count: gives sources their number of photos, in a run.
    directory: the run's.
    Raises ConfigError with all that is wrong, on one screen.
    """
    check_syntax(files)
    schema = json.loads((checkout / SCHEMA).read_text(encoding="utf-8"))
    read_numbers(config, schema)
    problems = find_mistakes(config, schema)
    # What else is wrong is looked for with the default in place of each broken block; what is said
    # of such a block would be guessed.
    broken = {problem.key[0] for problem in problems if problem.key}
    whole = config if not problems else _mend(config, broken, schema, checkout)
    if whole is not None:
        problems += _list_strange_nulls(whole, files, given or {})
        complete_config(whole)
        if count and not problems:
            problems += _count(count)
        found = [read_message(message) for message in check_keys(whole)]
        if paths and not found:
            # What a mistake leaves of the default is of the drawn world, and nobody chose it.
            told = [*check_paths(whole, checkout), *(check_toy(whole, checkout) if not problems else ())]
            found = [read_message(message) for message in told]
            if problems or found:
                named = {one.key for one in problems}  # what was to be counted
                absent = map(read_message, check_sources_there(whole, checkout, directory))
                found += [one for one in absent if one.key not in named]
        problems += [one for one in found if not (one.key and one.key[0] in broken)]
    if problems:
        find = read_places(files, given).find
        raise ConfigError(format_screen([problem.place(find) for problem in problems]))


def lay_over_default(config: dict, checkout: Path) -> None:
    """Complete the config of a workflow that uses this one as a module by the default, in place."""
    from snakemake.utils import update_config

    whole = read_files([checkout / "config/config.yaml"])
    update_config(whole, copy.deepcopy(config))
    config.update(whole)


def complete_config(config: dict) -> None:
    """Leave arms out that are null, and add what the config implies, in place."""
    # An overlay can only add to a dictionary: null is how it leaves an arm of the default out.
    arms = {name: arm for name, arm in config["train"]["arms"].items() if arm is not None}
    config["train"]["arms"] = arms if trains(config) else {}
    expand_detectors(config)
    add_exam_sets(config)


def _list_strange_nulls(config: dict, files: Sequence[Path], given: Mapping) -> list[Problem]:
    """Say which arms are left out by null and were never there: their names are misspelt, and the arms that
    were meant would be trained.
    """
    left_out = [name for name, arm in config["train"]["arms"].items() if arm is None]
    if not left_out:
        return []
    there: set[str] = set()
    for one in (*(read_files([file]) for file in files), given):
        train = one.get("train")
        arms = train.get("arms") if isinstance(train, Mapping) else None
        if isinstance(arms, Mapping):
            there.update(name for name, arm in arms.items() if arm is not None)
    return [
        Problem(("train", "arms", name), f"null leaves an arm out, and none is called so{_ask(name, there)}")
        for name in left_out
        if name not in there
    ]


def _ask(name: str, there: set[str]) -> str:
    nearest = find_nearest(name, sorted(there))
    return f"; did you mean {nearest}?" if nearest else f"; there are {list_names(sorted(there))}"


def _mend(config: dict, broken: set, schema: dict, checkout: Path) -> dict | None:
    """Return a config with the default's blocks in place of broken ones; None when that is no help."""
    default = read_files([checkout / "config/config.yaml"])
    mended = {name: copy.deepcopy(config.get(name, default[name])) for name in default}
    mended |= {name: default[name] for name in broken if name in default}
    return None if find_mistakes(mended, schema) else mended


def _count(count: Callable[[], None]) -> list[Problem]:
    try:
        count()
    except ConfigError as error:
        return [read_message(str(error))]
    return []
