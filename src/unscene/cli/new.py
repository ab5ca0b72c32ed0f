"""Look at your photos and captions, and write the overlay of a new run with all that they need."""

import argparse
import os
import re
import shlex
from pathlib import Path

from unscene.cli.checkout import CommandError, find_checkout
from unscene.run.counts import tell_count

PARENTS = ()
# Fewer photos are run whole: a pilot of them would take as long, and tell less.
_PILOT_FROM = 200


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="the new run's directory; RUN/config.yaml is written"
    )
    parser.add_argument(
        "--photos",
        type=Path,
        required=True,
        metavar="PATH",
        help="a folder of photos or of tars, a table, COCO's captions_*.json, a TSV of Conceptual Captions",
    )
    parser.add_argument(
        "--captions",
        type=Path,
        metavar="FILE",
        help="the file of captions, where it is not in PATH (docs/DATA.md)",
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="NAME=COLUMN",
        help="a table's columns where their names do not tell: path=photo_file caption=words",
    )
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="the remover: an overlay of config/presets (default: by the GPU found)",
    )
    parser.add_argument("--force", action="store_true", help="write RUN/config.yaml anew where there is one")


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.overlays.looking import LookError, look
    from unscene.overlays.machine import find_gpu
    from unscene.overlays.writing import Place, list_presets, write_overlay
    from unscene.run.tables import write_text
    from unscene.samples.readers import SourceError

    checkout, target = find_checkout(), given.run / "config.yaml"
    if target.exists() and not given.force:
        raise CommandError(f"{target} is there; edit it, or have it written anew with --force")
    gpu = find_gpu()
    preset, presets = given.preset or ("rorem" if gpu else "telea"), list_presets(checkout)
    if preset not in presets:
        raise CommandError(f"--preset: there is no {preset!r}; there are {', '.join(presets)}")
    captions = given.captions.absolute() if given.captions else None
    try:
        found = look(
            given.photos.absolute(), captions, make_name(given.photos.absolute()), read_columns(given.columns)
        )
    except (LookError, SourceError) as error:
        raise CommandError(translate(str(error))) from error
    commands = list_commands(given.run, target, checkout, found.items)
    text = write_overlay(found, Place(checkout, preset, gpu), commands)
    given.run.mkdir(parents=True, exist_ok=True)
    write_text(text, target)
    kind = found.source["format"]
    if unusable := found.seen - found.there:
        print(f"{unusable} of {found.seen} photos looked at cannot be used, for instance: {found.problem}")
    print(f"{target}: {tell_count(found.items, 'photo')} of {given.photos}, format {kind}; read it, then\n")
    print("\n".join(f"  {command}" for command in commands))
    return 0


def make_name(photos: Path) -> str:
    """Return the name of a source: that of its folder or file, in letters, digits and `_`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", photos.stem if photos.is_file() else photos.name).strip("_")
    return plain[:30].strip("_") or "mine"


def translate(message: str) -> str:
    """Return a reader's message with options of this command in place of keys of a config."""
    told = re.sub(r"samples\.sources, source '[^']*', key \w+: ", "", message)
    return re.sub(r"columns: {(.*?)}", lambda found: f"--columns {_as_options(found[1])}", told)


def _as_options(keys: str) -> str:
    return keys.replace(": ", "=").replace(", ", " ")


def read_columns(told: list[str]) -> dict[str, str]:
    """Return {our name: the table's column} of `path=photo_file caption=words`."""
    from unscene.samples.readers.table_columns import NAMES

    pairs = [one.partition("=") for one in told]
    wrong = [ours for ours, _, theirs in pairs if ours not in NAMES or not theirs]
    if wrong:
        raise CommandError(f"--columns: {wrong[0]!r} is not NAME=COLUMN, with NAME one of {', '.join(NAMES)}")
    return {ours: theirs for ours, _, theirs in pairs}


def list_commands(run: Path, overlay: Path, checkout: Path, photos: int) -> list[str]:
    """Return the lines that a person calls next. A pilot is for photos of which a part tells enough."""
    from unscene.cli.command import COMMANDS

    directory, config = shlex.quote(str(run)), shlex.quote(str(overlay))
    both = f"--configfile {config} --directory {directory}"
    steps = {
        "fetch": f"unscene fetch {config}",
        "plan": f"unscene plan {both}",
        "pilot": f"unscene pilot {both} --photos {min(200, photos // 4)}",
    }
    if photos < _PILOT_FROM:
        del steps["pilot"]
    elsewhere = "" if Path.cwd() == checkout else f"--snakefile {shlex.quote(str(checkout / 'Snakefile'))} "
    run_line = f"snakemake {elsewhere}--cores {os.cpu_count()} --resources gpu=1 {both}"
    return [*(line for name, line in steps.items() if name in COMMANDS), run_line]
