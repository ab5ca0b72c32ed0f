"""Try a run on a few of its photos: yield, rates, dollars and hours of the whole run, on one page."""

import argparse
import os

from unscene.cli.checkout import CommandError, call_workflow

PARENTS = ("run", "config")
PAGE = "results/pilot/report.html"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("--photos", type=int, default=200, help="about how many photos (default: 200)")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="as snakemake takes them")
    parser.add_argument(
        "--gpus", type=int, default=1, help="jobs that may hold a device at once (default: 1)"
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    if given.photos < 1:
        raise CommandError("--photos: give a number above 0")
    return call_workflow(
        given.directory,
        given.configfile,
        PAGE,
        ["--cores", str(given.cores), "--resources", f"gpu={given.gpus}"],
        {"UNSCENE_PILOT": str(given.photos)},
    )
