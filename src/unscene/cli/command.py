"""The command `unscene` and its subcommands, a module of this room each.

A subcommand's module is named as the subcommand. Its docstring's first line is its help; PARENTS
names the options that it shares with others, `add_options(parser)` declares its own, if any, and
`call(arguments)` returns the exit status. It imports other rooms when it is called, so help is quick.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from unscene.cli.checkout import CommandError
from unscene.run.configuration import ConfigError

EPILOG = (
    "The workflow itself is run by: snakemake --cores N --resources gpu=1 [--configfile FILE] [--directory"
    " RUN]"
)
COMMANDS = (
    *("new", "fetch", "plan", "pilot", "why", "status", "label", "batches", "schema", "costs", "serve"),
    *("publish", "pack", "push", "merge", "verify", "trace"),
)
# Its room knows its actions and options: they come back as arguments that this parser does not know.
OPEN_COMMANDS = ("batches",)


class _Once(argparse.Action):
    """Refuse an option that is given twice: Snakemake would use the last alone, without a word."""

    def __call__(self, parser, namespace, values, option_string=None):
        """Take the values of the option's first use."""
        if getattr(namespace, self.dest):
            parser.error(f"{option_string} stands twice; give all files after one: {option_string} A B")
        setattr(namespace, self.dest, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; return its exit status."""
    parser = build_parser()
    given, given.others = parser.parse_known_args(arguments)
    if getattr(given, "command_line", None) and given.others[:1] == ["--"]:
        # argparse ends the rest of a line at `--`, which is the other command's own.
        given.command_line, given.others = [*given.command_line, *given.others], []
    if given.others and given.command not in OPEN_COMMANDS:
        parser.error(f"unrecognized arguments: {' '.join(given.others)}")
    try:
        return given.call(given)
    except (CommandError, ConfigError) as error:
        print(f"unscene: {error}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="unscene", description=_first_line(sys.modules["unscene"]), epilog=EPILOG
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parents = {"run": _run_options(), "config": _config_options()}
    for name in COMMANDS:
        module = importlib.import_module(f"unscene.cli.{name}")
        one = commands.add_parser(
            name,
            help=_first_line(module),
            description=module.__doc__,
            parents=[parents[parent] for parent in module.PARENTS],
            add_help=name not in OPEN_COMMANDS,
        )
        if hasattr(module, "add_options"):
            module.add_options(one)
        one.set_defaults(call=module.call, command=name)
    return parser


def _run_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--directory", type=Path, default=Path("."), metavar="RUN", help="the run's directory (default: here)"
    )
    return parser


def _config_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        action=_Once,
        default=[],
        metavar="FILE",
        help="overlays of config/config.yaml, all after one --configfile, as snakemake takes them (default:"
        " RUN/config.yaml, if it is there)",
    )
    return parser


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]
