"""Copy what a run has finished to a folder that outlives this machine, at once or while a command runs."""

import argparse
import shutil
from pathlib import Path

from unscene.cli.checkout import CommandError

PARENTS = ("run",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("copy", type=Path, metavar="COPY", help="the folder, on a mounted drive for example")
    parser.add_argument(
        "--every", type=float, default=20, metavar="SECONDS", help="how often, with --while (20)"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE", help="also draw some of the edits that are copied: a PNG"
    )
    parser.add_argument(
        "--while",
        dest="command_line",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="run this command, push what it finishes, and end with its status; the last option",
    )


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.merging.pushers import CopyTaken
    from unscene.merging.pushing import Push, push_while

    run, command = given.directory.absolute(), given.command_line
    if command is not None and not (command and shutil.which(command[0])):
        raise CommandError(f"--while: {' '.join(command[:1]) or 'nothing'} is no command here")
    if command is None and not (run / "results").is_dir():
        raise CommandError(f"{run}: no run is here: it has no folder `results`")
    push = Push(run, given.copy.absolute())

    def tell(jobs: list[str]) -> None:
        for job in jobs:
            print(f"pushed {job}", flush=True)
        if given.sheet:
            _draw(run, jobs, given.sheet)

    try:
        if command is None:
            tell(push.push())
            return 0
        return push_while(command, push, given.every, tell)
    except CopyTaken as error:
        raise CommandError(f"{given.copy}: {error}") from error
    except OSError as error:
        raise CommandError(f"{given.copy}: not all could be copied there: {error}") from error


def _draw(run: Path, jobs: list[str], sheet: Path) -> None:
    edited = [job.split()[1] for job in jobs if job.startswith("remove_objects ")]
    if edited:
        from unscene.report.newest_edits import draw_newest_edits
        from unscene.run.tables import TableError

        try:
            draw_newest_edits(run, edited[-1], sheet)
        except (OSError, TableError) as error:  # its job is made anew just now
            print(f"no sheet of {edited[-1]}: {error}", flush=True)
