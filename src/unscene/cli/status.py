"""Say how far a run is: shards by stage, the time that is left, dollars; also of parts and under SLURM."""

import argparse
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout, resolve_files
from unscene.run.configuration import choose_files

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

    chosen = choose_files(given.directory, given.configfile)
    files, snakefile = resolve_files(chosen), find_checkout() / "Snakefile"
    for folder in (given.directory, *given.parts):
        if not folder.is_dir():
            raise CommandError(f"{folder} is not there")
    for part in given.parts:
        if not (part / "results").is_dir():
            raise CommandError(f"{part}: no part of a run is here: it has no folder `results`")
    found = read_progress(given.directory, files, snakefile, given.parts)
    if found.other and not chosen:
        raise CommandError(
            f"{given.directory}: what is there was made with another config than config/config.yaml, from"
            f" the source {found.other!r}, and no config.yaml lies beside it. Name the config that the run"
            " was started with: --configfile FILE"
        )
    print(format_progress(found))
    return 0
