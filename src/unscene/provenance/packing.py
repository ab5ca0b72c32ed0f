"""Take a run from loose pictures to packs, or back, in place: no table, record or time changes, so
nothing runs again.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from unscene.provenance.vouching import find_voucher, list_vouched, read_inside
from unscene.run.counts import tell_count
from unscene.run.logs import progress
from unscene.run.packs import PackError, find_pack, list_loose, pack_folder, unpack_folder
from unscene.run.tables import TableError

# Small files of a network drive are slow one after the other.
_AT_ONCE = 8


@dataclass(frozen=True)
class Outcome:
    """What became of a folder: how many files changed their form, or why it was left as it is."""

    folder: str
    files: int = 0
    left: str = ""


def convert_run(run: Path, packs: bool) -> list[Outcome]:
    """Pack the folders of all shards of a run that have ended, or unpack them; return one outcome each."""
    folders = list_vouched(run)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = pool.map(lambda folder: convert_folder(run, folder, packs), folders)
        return list(progress(outcomes, total=len(folders), unit="folder"))


def convert_folder(run: Path, folder: str, packs: bool) -> Outcome:
    """Pack or unpack the folder of a shard. What is not as its table tells is left as it is."""
    here = run / folder
    if not (list_loose(here) if packs else find_pack(here).is_file()):
        return Outcome(folder)
    if not (run / find_voucher(folder)).is_file():
        return Outcome(folder, left="its job has not ended: its table is not there")
    before = here.stat()
    try:
        expected = read_inside(folder, run)
        files = pack_folder(here, expected=expected) if packs else unpack_folder(here, expected)
    except (PackError, TableError) as error:
        return Outcome(folder, left=str(error))
    finally:
        os.utime(here, ns=(before.st_atime_ns, before.st_mtime_ns))
    return Outcome(folder, files)


def tell_outcomes(outcomes: list[Outcome], packs: bool) -> str:
    """Return the text for a person."""
    changed = [outcome for outcome in outcomes if outcome.files]
    left = [outcome for outcome in outcomes if outcome.left]
    files = sum(outcome.files for outcome in changed)
    lines = [f"left as it is  {outcome.folder}: {outcome.left}" for outcome in left]
    if packs:
        lines.append(f"packed: {tell_count(files, 'file')} into {tell_count(len(changed), 'tar')}")
    else:
        lines.append(f"unpacked: {tell_count(files, 'file')} from {tell_count(len(changed), 'tar')}")
    rest = len(outcomes) - len(changed) - len(left)
    if rest:
        lines.append(f"{tell_count(rest, 'folder')} of shards had nothing to {'pack' if packs else 'unpack'}")
    return "\n".join(lines)
