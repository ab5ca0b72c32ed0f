"""Put the parts of a run together: adopt what they made, and say what is missing or damaged."""

import argparse
import shlex
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout, resolve_files
from unscene.run.configuration import choose_files

PARENTS = ("run", "config")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument(
        "parts", type=Path, nargs="+", metavar="PART", help="a part's directory, or a copy of it"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="only judge; status 1 when something is missing, damaged or other",
    )
    parser.add_argument(
        "--part",
        metavar="I/N",
        help="take the copy of this one part back, to go on with it on this machine",
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.answers.batches.ledger import LedgerError
    from unscene.merging.merge import format_merged, merge_parts

    for part in given.parts:
        if not (part / "results").is_dir():
            raise CommandError(f"{part}: no part of a run is here: it has no folder `results`")
    if given.part and len(given.parts) > 1:
        raise CommandError(
            "--part takes one copy, that of this part: each part has a ledger and a budget of its own"
        )
    files = resolve_files(choose_files(given.directory, given.configfile))
    snakefile = find_checkout() / "Snakefile"
    judged = {"changes": not given.check, "part": given.part}
    try:
        found = merge_parts(given.parts, given.directory, files, snakefile, **judged)
    except LedgerError as error:
        raise CommandError(str(error)) from error
    named = ["--configfile", *files] if files else []
    command = [
        "snakemake",
        "--cores",
        "N",
        "--resources",
        "gpu=1",
        "--directory",
        str(given.directory),
        *named,
    ]
    command += ["--config", f"part={given.part}"] if given.part else []
    print(format_merged(found, shlex.join(command), changes=not given.check))
    return int(given.check and not found.is_whole)
