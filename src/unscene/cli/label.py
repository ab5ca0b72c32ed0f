"""Open the labelling page for the edits of a run."""

import argparse

PARENTS = ("run",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("--rater", required=True, help="your name; each rater has a file of their own")
    parser.add_argument("--items", type=int, default=500, help="edits in the sample (at the first start)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the sample's order")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.labelling.serving import serve_page

    return serve_page(given.directory, given.rater, given.items, given.seed, given.port)
