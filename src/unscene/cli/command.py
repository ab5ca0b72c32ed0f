"""The command `unscene` and its subcommands. Each imports its room when it is called, so help is quick.

A subcommand is a function of this module, named in `build_parser`, that takes the parsed arguments
and returns an exit status.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from unscene.run.checkout import CHECKOUT

EPILOG = (
    "The workflow itself is run by: snakemake --cores N --resources gpu=1 [--configfile FILE] [--directory"
    " RUN]"
)


_MOST_LINES = 8  # of an error's text


class CommandError(Exception):
    """What the command cannot do, and the way out; printed without a traceback."""


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
    if given.others and given.call is not batches:
        parser.error(f"unrecognized arguments: {' '.join(given.others)}")
    try:
        return given.call(given)
    except CommandError as error:
        print(f"unscene: {error}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="unscene", description=_first_line(sys.modules["unscene"]), epilog=EPILOG
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = argparse.ArgumentParser(add_help=False)
    run.add_argument(
        "--directory", type=Path, default=Path("."), metavar="RUN", help="the run's directory (default: here)"
    )
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        action=_Once,
        default=[],
        metavar="FILE",
        help="overlays of config/config.yaml, all after one --configfile, as snakemake takes them",
    )

    def add(call, *parents):
        one = commands.add_parser(
            call.__name__, help=_first_line(call), description=call.__doc__, parents=parents
        )
        one.set_defaults(call=call)
        return one

    add(plan, run, config)
    add(why, run, config)

    one = add(label, run)
    one.add_argument("--rater", required=True, help="your name; each rater has a file of their own")
    one.add_argument("--items", type=int, default=500, help="edits in the sample (at the first start)")
    one.add_argument("--seed", type=int, default=7, help="seed of the sample's order")
    one.add_argument("--port", type=int, default=0, help="0 takes a free one")

    # Its room knows its actions and options: they come back as arguments that this parser does not know.
    commands.add_parser(
        "batches", help=_first_line(batches), description=batches.__doc__, add_help=False
    ).set_defaults(call=batches)

    one = add(schema)
    one.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")

    one = add(costs)
    one.add_argument(
        "--page", type=Path, help="the page that holds the tables (default: the checkout's README.md)"
    )
    return parser


def plan(given: argparse.Namespace) -> int:
    """Say what a run will cost, before anything is spent: tokens, dollars, device hours, bytes and files."""
    checkout = find_checkout()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile"), "--cores", "1"]
    command += ["--directory", str(given.directory.resolve()), "--quiet", "progress", "rules"]
    command += ["--forcerun", "estimate_run"]
    if given.configfile:
        command += ["--configfile", *_resolve_files(given.configfile)]
    environment = os.environ | {"UNSCENE_PLAN": "1"}
    return subprocess.run([*command, "--", "results/plan.json"], cwd=checkout, env=environment).returncode


def why(given: argparse.Namespace) -> int:
    """Say what would run again, and why."""
    from unscene.run.needed_jobs import format_inspection, inspect_run

    files, snakefile = _resolve_files(given.configfile), find_checkout() / "Snakefile"
    if not (given.directory / ".snakemake").is_dir():
        raise CommandError(f"{given.directory}: no run was started here yet, so all of it would run")
    try:
        found = inspect_run(given.directory, configfiles=files, snakefile=snakefile)
    except Exception as error:  # Snakemake raises many kinds on a config that it cannot use
        told = [line for line in str(error).splitlines() if line.strip()][:_MOST_LINES]
        raise CommandError("\n".join(told) or type(error).__name__) from error
    print(format_inspection(found))
    return 0


def label(given: argparse.Namespace) -> int:
    """Open the labelling page for the edits of a run."""
    from unscene.labelling.serving import serve_page

    return serve_page(given.directory, given.rater, given.items, given.seed, given.port)


def batches(given: argparse.Namespace) -> int:
    """Look into the ledgers of paid answers; end a batch, rebuild a ledger, or check an endpoint."""
    from unscene.answers.batches.command import main as look_into_ledgers
    from unscene.config.reading import read_config

    look_into_ledgers(given.others, lambda overlays: read_config(find_checkout(), overlays))
    return 0


def costs(given: argparse.Namespace) -> int:
    """Write the cost tables of the README anew, from the price table and the course's config."""
    from unscene.plan.text_costs import make_tables, write_tables

    checkout = find_checkout()
    page = given.page or checkout / "README.md"
    try:
        text = page.read_text(encoding="utf-8")
        page.write_text(write_tables(text, make_tables(checkout)), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CommandError(f"--page {page}: {error}") from error
    return 0


def schema(given: argparse.Namespace) -> int:
    """Write the config's schema, the tables of its manual and the reference page of tables anew."""
    from unscene.config.generation import generate_files

    checkout = find_checkout()
    stale = {
        path: text
        for path, text in generate_files(checkout).items()
        if not (checkout / path).is_file() or (checkout / path).read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        print(f"{path} {'is stale: make schema' if given.check else 'is written anew'}")
        if not given.check:
            (checkout / path).write_text(text, encoding="utf-8")
    return int(given.check and bool(stale))


def find_checkout() -> Path:
    """Return the checkout that this package belongs to; CommandError in another one, or where there
    is none.
    """
    here = Path.cwd()
    if here != CHECKOUT and (here / "Snakefile").is_file() and (here / "src" / "unscene").is_dir():
        raise CommandError(
            f"this command belongs to {CHECKOUT}, not to the checkout here; "
            f"make env here, or call it with PYTHONPATH={here / 'src'}"
        )
    if not (CHECKOUT / "Snakefile").is_file():
        raise CommandError(
            "this needs the workflow, which is not in the installed package: clone the repository and make"
            " env there"
        )
    return CHECKOUT


def _resolve_files(files: Sequence[Path]) -> list[str]:
    lacking = [file for file in files if not file.is_file()]
    if lacking:
        raise CommandError(f"--configfile: {lacking[0]} is not there")
    return [str(file.resolve()) for file in files]


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]
