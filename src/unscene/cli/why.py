"""Say what would run again, and why."""

import argparse
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout, resolve_files
from unscene.run.configuration import choose_files

_MOST_LINES = 8  # of an error's text

PARENTS = ("run", "config")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.run.needed_jobs import format_inspection, inspect_run

    files = resolve_files(choose_files(given.directory, given.configfile))
    checkout = find_checkout()
    if not (given.directory / ".snakemake").is_dir():
        from unscene.config.reading import read_config

        read_config(checkout, [Path(file) for file in files], paths=True, directory=given.directory)
        raise CommandError(f"{given.directory}: no run was started here yet, so all of it would run")
    try:
        found = inspect_run(given.directory, configfiles=files, snakefile=checkout / "Snakefile")
    except Exception as error:  # Snakemake raises many kinds on a config that it cannot use
        told = [line for line in str(error).splitlines() if line.strip()][:_MOST_LINES]
        raise CommandError("\n".join(told) or type(error).__name__) from error
    print(format_inspection(found))
    return 0
