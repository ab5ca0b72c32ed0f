"""Fetch what a config names and is not there: weights, annotations, photos. Shows all of it first."""

import argparse
import sys
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout, resolve_files

PARENTS = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's own options."""
    parser.add_argument(
        "configs", type=Path, nargs="+", metavar="CONFIG", help="overlays, as --configfile takes them"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show what is missing and what it costs; fetch nothing (status 1 where something is)",
    )
    parser.add_argument("--yes", action="store_true", help="fetch without asking")
    parser.add_argument("--no-photos", action="store_true", help="weights and annotations only")
    parser.add_argument(
        "--from",
        dest="addresses",
        action="append",
        default=[],
        metavar="PATH=ADDRESS",
        help="where a path of the config comes from: hf:owner/name@revision:file, or https://…#sha256=…",
    )
    parser.add_argument(
        "--catalogue",
        type=Path,
        metavar="FILE",
        help="addresses of your own, in the form of resources/weights.yaml",
    )
    parser.add_argument(
        "--per-host", type=int, default=8, metavar="N", help="photos asked of one host at a time (8)"
    )
    parser.add_argument(
        "--most-megabytes",
        type=float,
        default=30,
        metavar="N",
        help="photos larger than this are left out (30)",
    )
    parser.add_argument(
        "--private-hosts",
        action="store_true",
        help="ask addresses of this machine and of private networks, too",
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.config.reading import read_config
    from unscene.fetching.catalogue import parse_address, read_own
    from unscene.fetching.downloads import FetchError
    from unscene.fetching.fetch import Wishes, fetch_config
    from unscene.fetching.photos import Manners
    from unscene.run.configuration import ConfigError

    checkout = find_checkout()
    try:
        config = read_config(checkout, [Path(file) for file in resolve_files(given.configs)])
        own = [parse_address(told) for told in given.addresses]
        own += read_own(given.catalogue) if given.catalogue else []
        manners = Manners(
            per_host=given.per_host, most_bytes=round(given.most_megabytes * 1e6), private=given.private_hosts
        )
        wishes = Wishes(
            own, given.dry_run, _agree if not given.yes else lambda: True, not given.no_photos, manners
        )
        return fetch_config(config, checkout, wishes)
    except (ConfigError, FetchError) as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        print("\nunscene: stopped; what came is kept, and the same line goes on with it", file=sys.stderr)
        return 130


def _agree() -> bool:
    if not sys.stdin.isatty():
        print("Add --yes to fetch this.")
        return False
    return input("Fetch? [y/N] ").strip().lower() in ("y", "yes")
