"""Write the accepted pairs as a dataset folder that may be shared; nothing is uploaded."""

import argparse

from unscene.cli.checkout import call_workflow

PARENTS = ("run", "config")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument(
        "--cores", default="2", metavar="N", help="processors for what is missing (default: 2)"
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    options = ["--cores", given.cores, "--resources", "gpu=1"]
    return call_workflow(given.directory, given.configfile, "results/publish", options)
