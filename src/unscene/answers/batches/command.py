"""The command `unscene batches`: what was paid, what is under way, and a first payment of five cents
at most.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from unscene.answers.backends import STAGES
from unscene.answers.batches.adopting import adopt_batches, cancel_batch, forget_batch
from unscene.answers.batches.checking import check_endpoint
from unscene.answers.batches.client import ApiClient
from unscene.answers.batches.hosts import choose_endpoint
from unscene.answers.batches.ledger import Ledger, only_submitter
from unscene.answers.endpoints import PATH_TO_STATE, find_folder
from unscene.answers.prices import read_prices
from unscene.machine.job import resolve_path
from unscene.run.configuration import ConfigError, choose_files
from unscene.run.stops import KnownStop

# What these say is for the person at the keyboard; a traceback would only hide it.
TOLD_ERRORS = (KnownStop, ConfigError, OSError)


def main(
    arguments: Sequence[str] | None = None, read_config: Callable[[Sequence[Path]], dict] | None = None
) -> None:
    """Run an action; SystemExit with a message when it cannot be done. read_config: returns the
    config with overlays; actions that ask an endpoint need it.
    """
    parser = build_parser()
    asked = parser.parse_args(arguments)
    if asked.action in ("cancel", "forget") and asked.batch_id is None:
        # `--configfile FILE ID`: the option takes all that follows it.
        if not asked.configfile or asked.configfile[-1].is_file():
            parser.error(
                f"{asked.action}: which batch? unscene batches {asked.action} ID; `unscene batches list`"
                " shows all"
            )
        *asked.configfile, last = asked.configfile
        asked.batch_id = str(last)
    # A first check comes before a run, and makes its folder; without the run's config it may be misspelt.
    makes_folder = asked.action == "check" and asked.configfile and not asked.directory.exists()
    if not asked.directory.is_dir() and not makes_folder:
        sys.exit(f"unscene: --directory: {asked.directory} is no folder")
    try:
        if asked.action == "list":
            _list_all(_find_ledgers(asked.directory))
            return
        assert read_config is not None, "the command line has a config"
        _ask_endpoint(asked, read_config(choose_files(asked.directory, asked.configfile)))
    except TOLD_ERRORS as error:
        sys.exit(f"unscene: {error}")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = argparse.ArgumentParser(prog="unscene batches", description=__doc__)
    run = argparse.ArgumentParser(add_help=False)
    # The same option may stand behind the action; there it must not overwrite one before it.
    for place, default in ((parser, Path(".")), (run, argparse.SUPPRESS)):
        place.add_argument(
            "--directory",
            type=Path,
            metavar="RUN",
            default=default,
            help="the run's directory (default: here)",
        )
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="overlays of config/config.yaml, those of the run: they say which endpoint, model and prices"
        " (default: RUN/config.yaml, if it is there)",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, does: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=does, description=does, parents=parents)

    add("list", "all batches, and what each has cost", run)
    does = "end a batch at the endpoint; what it has done is paid, and the next run collects it"
    add("cancel", does, run, config).add_argument("batch_id", nargs="?", metavar="ID")
    does = (
        "give a batch up: take what was downloaded of it and book the rest at its worst case; what is not"
        " answered is asked, and paid, anew"
    )
    add("forget", does, run, config).add_argument("batch_id", nargs="?", metavar="ID")
    does = "rebuild a ledger that was lost: take over what the endpoint's list shows of this run directory"
    add("adopt", does, run, config).add_argument(
        "--all", action="store_true", help="also batches that ask nothing which a request here asks"
    )
    does = "send one smallest request, for five cents at most, and compare bill and ledger"
    check = add("check", does, run, config)
    check.add_argument(
        "--stage", choices=STAGES, default=STAGES[0], help="whose prompt is sent (default: %(default)s)"
    )
    return parser


def list_batches(folder: Path) -> float:
    """Print a line a batch of one endpoint, with what it has cost, and the sums; return the dollars
    that are settled or under way at worst.
    """
    with closing(Ledger(folder)) as ledger:
        dollars = ledger.sum_by_batch()
        for row in ledger.list_batches():
            note = f"copy of {row['duplicate_of']}; " if row["duplicate_of"] else ""
            print(
                f"{folder.name}  {row['number']:>4} {row['stage']:<10} {row['batch_id'] or '-':<32}"
                f" {row['state']:<10} {row['status'] or '-':<12} {row['requests']:>6} requests"
                f"  ${dollars.get(row['number'], 0.0):>9.4f}  {note}{row['note'] or ''}".rstrip()
            )
        settled, worst = ledger.sum_usd(), ledger.sum_worst_usd()
        alone = settled - sum(dollars.values())
        if alone > 5e-5:
            print(f"{folder.name}  requests without a batch: ${alone:.4f}")
        print(f"{folder.name}  ${settled:.4f} settled, at most ${worst:.4f} under way")
    return settled + worst


def _find_ledgers(directory: Path, file: str = "ledger.sqlite") -> list[Path]:
    return sorted(path.parent for path in (directory / PATH_TO_STATE / "api").glob(f"*/{file}"))


def _list_all(folders: list[Path]) -> None:
    if not folders:
        print("no paid answers here yet: nothing was sent from this run directory")
    total = sum(list_batches(folder) for folder in folders)
    if len(folders) > 1:
        print(f"all endpoints: ${total:.4f} settled, or under way at worst")


def _forget(folders: list[Path], batch_id: str, prices: dict) -> None:
    """Give a batch up that is under way."""
    for folder in folders:
        with only_submitter(folder), closing(Ledger(folder)) as ledger:
            if told := forget_batch(ledger, batch_id, prices):
                print(told)
                return
    sys.exit(f"unscene: no batch {batch_id} is under way here; `unscene batches list` shows all")


def _ask_endpoint(asked: argparse.Namespace, config: dict) -> None:
    prices, path_to_state = (
        read_prices(resolve_path(config["plan"]["prices"])),
        asked.directory / PATH_TO_STATE,
    )
    if asked.action == "forget":
        _forget(_find_ledgers(asked.directory), asked.batch_id, prices)
        return
    if asked.action == "check":
        for line in check_endpoint(config, prices, asked.stage, path_to_state):
            print(line)
        return
    if asked.action == "cancel":
        _cancel(asked, config["api"], path_to_state)
        return
    # Of several endpoints, and of a new one, it is the config that says which is meant.
    folders = [] if asked.configfile else _find_ledgers(asked.directory, "endpoint.json")
    api = choose_endpoint(folders, config["api"], bool(asked.configfile))
    folder, client = find_folder(api["base_url"], path_to_state), ApiClient(api["base_url"])
    wanted = None if asked.all else _list_requests(asked.directory)
    with only_submitter(folder), closing(Ledger(folder)) as ledger:
        told = adopt_batches(client, ledger, prices, deployments=api["deployments"], wanted=wanted)
        print("\n".join(told) or "the endpoint's list shows no batch of this program that is not known here")


def _cancel(asked: argparse.Namespace, api: dict, path_to_state: Path) -> None:
    """End a batch at the endpoint that has it, which its ledger knows."""
    folders = []
    for folder in _find_ledgers(asked.directory):
        with closing(Ledger(folder)) as ledger:
            if any(row["batch_id"] == asked.batch_id for row in ledger.list_batches("submitted")):
                folders.append(folder)
    if not folders:
        sys.exit(f"unscene: no batch {asked.batch_id} is under way in {asked.directory}")
    api = choose_endpoint(folders, api, bool(asked.configfile))
    folder, client = find_folder(api["base_url"], path_to_state), ApiClient(api["base_url"])
    with only_submitter(folder), closing(Ledger(folder)) as ledger:
        if not cancel_batch(client, ledger, asked.batch_id):
            sys.exit(f"unscene: no batch {asked.batch_id} is under way at {folder.name}")
    print(f"{asked.batch_id}: is being cancelled; the next run collects, and books, what it has done")


def _list_requests(directory: Path) -> set[str]:
    """Return the ids of the requests of a run directory, those of split prompts included."""
    names = set()
    for kind in ("requests", "followups"):
        for path in sorted(directory.glob(f"results/*/{kind}/*.jsonl")):
            with open(path, encoding="utf-8") as lines:
                names |= {json.loads(line)["custom_id"] for line in lines if line.strip()}
    return names
