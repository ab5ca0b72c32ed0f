"""Put the pictures of each shard of a run into one tar, or take them out again; nothing runs again."""

import argparse
from pathlib import Path

from unscene.cli.checkout import CommandError

PARENTS = ("run",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument(
        "runs", type=Path, nargs="*", metavar="RUN", help="runs or parts (default: that of --directory)"
    )
    parser.add_argument("--undo", action="store_true", help="back to a file each")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.provenance.packing import convert_run, tell_outcomes
    from unscene.run.left_locks import describe_lock, list_processes

    left = False
    for run in given.runs or [given.directory]:
        if not (run / "results").is_dir():
            raise CommandError(f"{run}: no run is here (it has no results/)")
        if any(list_processes(run)):
            raise CommandError(describe_lock(run))
        try:
            outcomes = convert_run(run, packs=not given.undo)
        except OSError as error:  # a full disk, a read-only one
            raise CommandError(f"{error}. No picture is lost: call it again once that is mended") from error
        print(f"{run}\n{tell_outcomes(outcomes, packs=not given.undo)}")
        left |= any(outcome.left for outcome in outcomes)
    return int(left)
