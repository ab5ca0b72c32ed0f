"""Search photos with the base and the tuned model side by side, in a page on this machine."""

import argparse
from pathlib import Path

from unscene.cli.checkout import CommandError

PARENTS = ("run",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    from unscene.serving.server.options import add_options

    parser.add_argument(
        "deploy", nargs="?", type=Path, help="an exported folder (default: results/deploy of the run)"
    )
    add_options(parser)


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.serving.server.ending import ended_by_signals

    with ended_by_signals():
        from unscene.serving.serving import ServeError, serve_run

        try:
            return serve_run(given)
        except ServeError as error:
            raise CommandError(str(error)) from error
