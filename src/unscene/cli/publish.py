"""Write the accepted pairs as a dataset folder that may be shared; nothing is uploaded."""

import argparse
import subprocess
import sys

from unscene.cli.checkout import find_checkout, resolve_files

PARENTS = ("run", "config")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument(
        "--cores", default="2", metavar="N", help="processors for what is missing (default: 2)"
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    checkout = find_checkout()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile")]
    command += ["--cores", given.cores, "--resources", "gpu=1", "--directory", str(given.directory.resolve())]
    command += ["--quiet", "progress", "rules"]
    if given.configfile:
        command += ["--configfile", *resolve_files(given.configfile)]
    return subprocess.run([*command, "--", "results/publish"], cwd=checkout).returncode
