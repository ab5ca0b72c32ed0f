"""Say what a run will cost, before anything is spent: tokens, dollars, device hours, bytes and files."""

import argparse
import os
import subprocess
import sys

from unscene.cli.checkout import find_checkout, resolve_files

PARENTS = ("run", "config")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    checkout = find_checkout()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile"), "--cores", "1"]
    command += ["--directory", str(given.directory.resolve()), "--quiet", "progress", "rules"]
    command += ["--forcerun", "estimate_run"]
    if given.configfile:
        command += ["--configfile", *resolve_files(given.configfile)]
    environment = os.environ | {"UNSCENE_PLAN": "1"}
    return subprocess.run([*command, "--", "results/plan.json"], cwd=checkout, env=environment).returncode
