"""Say what a run will cost, before anything is spent: tokens, dollars, device hours, bytes and files."""

import argparse

from unscene.cli.checkout import call_workflow

PARENTS = ("run", "config")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    return call_workflow(
        given.directory,
        given.configfile,
        "results/plan.json",
        ["--cores", "1", "--forcerun", "estimate_run"],
        {"UNSCENE_PLAN": "1"},
    )
