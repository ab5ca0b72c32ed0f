"""Snakemake's own command line: files that it would drop without a word or cannot read, and a config
that is wrong.

profiles/default calls `check_command_line` before Snakemake reads any file; the Snakefile calls both.
What is raised is SystemExit: Snakemake prints its text alone, without a traceback.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unscene.config.files import check_syntax, read_places
from unscene.config.problems import format_screen, read_message
from unscene.run.configuration import ConfigError
from unscene.run.made_folders import HeldFolder, hold_folder, take_away
from unscene.run.parts import Part, check_chosen, read_part

_FILES = ("--configfile", "--configfiles")
_VALUES = ("--config", "-C")
_DIRECTORY = ("--directory", "-d")
# The run's directory, held as long as this process lives: a refused run takes away what it made of it.
_held: list[HeldFolder] = []


def check_command_line(arguments: Sequence[str] | None = None) -> None:
    """Stop when --configfile or --config stands twice, or a file cannot be read; else make and hold the
    run's directory.
    """
    files = check_uses(arguments)
    try:
        check_syntax([Path(path) for path in files])
    except ConfigError as error:
        sys.exit(str(error))
    uses = _list_uses(sys.argv[1:] if arguments is None else arguments, _DIRECTORY)
    _held.append(hold_folder(Path(uses[-1][0] if uses and uses[-1] else ".").absolute()))


def check_uses(arguments: Sequence[str] | None = None) -> list[str]:
    """Return the files of --configfile; stop when it or --config stands twice."""
    arguments = sys.argv[1:] if arguments is None else arguments
    files, values = _list_uses(arguments, _FILES), _list_uses(arguments, _VALUES)
    if len(files) > 1:
        together = " ".join(path for use in files for path in use)
        sys.exit(
            "--configfile stands twice, and Snakemake would read the last alone, so nothing was run. Give all"
            f" files after one:\n  --configfile {together}"
        )
    if len(values) > 1:
        sys.exit(
            "--config stands twice, and Snakemake would take the last alone, so nothing was run. Give all"
            " values after one:\n  --config KEY=VALUE KEY=VALUE"
        )
    return [path for use in files for path in use]


def check_forgotten(directory: Path, given: Sequence[str | Path]) -> None:
    """Stop when no file was given and the run's directory has its own: the embedded default would be run
    over what that one made.
    """
    forgotten = directory / "config.yaml"
    if not given and forgotten.is_file():
        sys.exit(
            f"{forgotten} is this run's config, and Snakemake was not given it, so nothing was run. Give it"
            f" (or another one):\n  --configfile {shlex.quote(str(forgotten))}"
        )


def start_run(config: dict, workflow: Any, checkout: Path, is_plan: bool, needs_weights: bool) -> None:
    """Check the config of a run and complete it, in place; stop with all that is wrong, and without
    the directory that Snakemake made for it.

    workflow: Snakemake's. is_plan: weights and data need not be there yet.
    """
    from unscene.config.preparation import lay_over_default, prepare_config
    from unscene.samples.counting import complete_sources

    check_uses()
    if not workflow.modifier.skip_configfile:
        check_forgotten(Path.cwd(), workflow.overwrite_configfiles)
    files = [checkout / "config/config.yaml", *workflow.overwrite_configfiles]
    given: Mapping = workflow.config_settings.config
    if workflow.modifier.skip_configfile:  # of a module: its `config:` stands in place of our own file
        lay_over_default(config, checkout)
    try:
        prepare_config(
            config,
            files,
            checkout,
            paths=needs_weights and not is_plan,
            given=given,
            count=lambda: complete_sources(config, checkout, is_plan),
        )
        if _read_part(config, files, given) and not is_plan:
            check_chosen(config)
    except ConfigError as error:
        for held in _held:
            take_away(held)
        sys.exit(str(error))


def _read_part(config: dict, files: Sequence[Path], given: Mapping) -> Part | None:
    """Return the part of a run whose sources are counted, so that it is known how many shards there are
    to share; a mistake is told as every other one of the config.
    """
    try:
        return read_part(config)
    except ConfigError as error:
        problem = read_message(str(error)).place(read_places(files, given).find)
        raise ConfigError(format_screen([problem])) from None


def _list_uses(arguments: Sequence[str], names: Sequence[str]) -> list[list[str]]:
    """Return what stands after each use of an option."""
    uses: list[list[str]] = []
    inside = False
    for argument in arguments:
        name, equals, value = argument.partition("=")
        short = argument[:2]
        if short in names and len(argument) > 2:
            uses.append([argument[2:].removeprefix("=")])
            inside = False
        elif name in names:
            uses.append([value] if equals else [])
            inside = not equals
        elif argument.startswith("-"):
            inside = False
        elif inside:
            uses[-1].append(argument)
    return uses
