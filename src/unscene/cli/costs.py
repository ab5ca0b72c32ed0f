"""Write the cost tables of docs/COSTS.md anew, from the price table and the course's config."""

import argparse
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout

PARENTS = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("--page", type=Path, help="the page that holds the tables (default: docs/COSTS.md)")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.plan.text_costs import make_tables, write_tables

    checkout = find_checkout()
    page = given.page or checkout / "docs/COSTS.md"
    try:
        text = page.read_text(encoding="utf-8")
        page.write_text(write_tables(text, make_tables(checkout)), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CommandError(f"--page {page}: {error}") from error
    return 0
