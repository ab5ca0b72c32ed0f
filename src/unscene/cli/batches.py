"""Look into the ledgers of paid answers; end a batch, rebuild a ledger, or check an endpoint."""

import argparse

from unscene.cli.checkout import find_checkout

PARENTS = ()


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.answers.batches.command import main as look_into_ledgers
    from unscene.config.reading import read_config

    look_into_ledgers(given.others, lambda overlays: read_config(find_checkout(), overlays))
    return 0
