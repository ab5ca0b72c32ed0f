"""Say how far a run is: shards by stage, the time that is left, dollars; also of parts and under SLURM."""

import argparse
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout, resolve_files

PARENTS = ("run", "config")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument(
        "--parts",
        type=Path,
        nargs="+",
        default=[],
        metavar="PART",
        help="what these have made counts as done",
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.merging.progress import format_progress, read_progress

    written = given.directory / "config.yaml"  # by `unscene new`
    chosen = given.configfile or ([written] if written.is_file() else [])
    files, snakefile = resolve_files(chosen), find_checkout() / "Snakefile"
    for folder in (given.directory, *given.parts):
        if not folder.is_dir():
            raise CommandError(f"{folder} is not there")
    print(format_progress(read_progress(given.directory, files, snakefile, given.parts)))
    return 0
