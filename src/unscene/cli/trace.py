"""Tell the story of an edit or a photo: requests, answers, mask, scores against cuts, decision, tests."""

import argparse

from unscene.cli.checkout import CommandError

PARENTS = ("run",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("name", metavar="ID", help="an edit_id, accepted or refused, or an image_id")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.provenance.record import PROVENANCE, read_record
    from unscene.provenance.tracing import UnknownName, format_story, trace
    from unscene.run.tables import TableError

    path = given.directory / PROVENANCE
    if not (given.directory / "results").is_dir():
        raise CommandError(
            f"{given.directory}: no run is here (it has no results/); name it with --directory"
        )
    try:
        quality = read_record(path)["config"]["quality"] if path.is_file() else None
        print(format_story(trace(given.name, given.directory, quality)))
    except UnknownName as error:
        raise CommandError(error.args[0]) from error
    except TableError as error:
        raise CommandError(f"{error}\n(unscene verify tells how it comes back)") from error
    return 0
