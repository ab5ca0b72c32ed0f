"""Look into the ledgers of paid answers: `unscene batches list`, and `forget BATCH` for one that is
gone for good.
"""

import argparse
import sys
from pathlib import Path

from unscene.answers.batches.ledger import Ledger, only_submitter
from unscene.answers.endpoints import PATH_TO_STATE


def main(arguments: list[str] | None = None) -> None:
    """List the batches of a run directory, or book one as lost: the command `unscene batches`."""
    parser = argparse.ArgumentParser(prog="unscene batches", description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("."), help="the run's directory")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="all batches, and what they cost")
    forget = actions.add_parser(
        "forget", help="book a batch at its worst case; its requests are asked, and paid, anew"
    )
    forget.add_argument("batch_id")
    asked = parser.parse_args(arguments)
    folders = sorted((asked.directory / PATH_TO_STATE / "api").glob("*/"))
    if asked.action == "list":
        for folder in folders:
            list_batches(folder)
    elif not any(forget_batch(folder, asked.batch_id) for folder in folders):
        sys.exit(f"no batch {asked.batch_id} is under way in {asked.directory.resolve()}")


def list_batches(folder: Path) -> None:
    """Print a line a batch of one endpoint, and the sums."""
    ledger = Ledger(folder)
    for row in ledger.list_batches():
        print(
            f"{folder.name}  {row['stage']:<10} {row['batch_id'] or '-':<32} {row['state']:<10} "
            f"{row['status'] or '-':<12} {row['requests']:>6} requests  {row['note'] or ''}"
        )
    print(f"{folder.name}  ${ledger.sum_usd():.4f} settled, at most ${ledger.sum_worst_usd():.4f} under way")
    ledger.close()


def forget_batch(folder: Path, batch_id: str) -> bool:
    """Book a batch that is under way as lost; return whether this ledger has it."""
    with only_submitter(folder):
        ledger = Ledger(folder)
        rows = [row for row in ledger.list_batches("submitted") if row["batch_id"] == batch_id]
        for row in rows:
            ledger.forget(row["number"], "forgotten by hand", row["worst_usd"])
            print(f"{batch_id}: ${row['worst_usd']:.4f} booked for {row['requests']} requests")
        ledger.close()
    return bool(rows)
