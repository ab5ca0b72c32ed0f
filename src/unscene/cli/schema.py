"""Write the config's schema, the tables of its manual and the reference page of tables anew."""

import argparse

from unscene.cli.checkout import find_checkout

PARENTS = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.config.generation import generate_files

    checkout = find_checkout()
    stale = {
        path: text
        for path, text in generate_files(checkout).items()
        if not (checkout / path).is_file() or (checkout / path).read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        print(f"{path} {'is stale: make schema' if given.check else 'is written anew'}")
        if not given.check:
            (checkout / path).write_text(text, encoding="utf-8")
    return int(given.check and bool(stale))
