"""What a device job has finished so far, copied out piece by piece, and taken back elsewhere.

A job keeps its finished items, those of its shard, its folds or its batches, in `state/scratch/`
(`unscene.machine.scratch`). The copy gets what has come since as one tar a piece, until the job has ended:

    state/scratch/{rule}/{name}/{digest}-{first}-{end}-{sha256}.tar

name: of the job's record; of a job of a shard, the shard; of a rule's only job, the rule. digest: of
the job's lineage, so no other job takes it back. first, end: which lines of the journal it holds, with
the files that they name. sha256: 16 digits of the tar's own, so a damaged one is passed over.
What the device had made of items that were not finished stays behind.
"""

import io
import json
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from unscene.merging.copying import copy_whole
from unscene.merging.training_states import TrainingStates
from unscene.run.folders import replaced_folder
from unscene.run.records import find_record
from unscene.run.shards import file_sha256

SCRATCH = Path("state/scratch")
# A copy has at most so many pieces a minute, since each is a file on a slow drive.
PIECE_SECONDS = 120.0
_PIECE_BYTES = 256 * 2**20
_DIGITS = 16
_JOURNAL, _FILES = "journal.jsonl", "files"


class Unfinished:
    """Copies the scratch of one run's jobs to one folder, each time what has come since."""

    def __init__(self, run: Path, copy: Path):
        self._run, self._copy = run, copy
        self._copied_at: dict[Path, float] = {}
        self._states = TrainingStates(run, copy)

    def push(self, is_last: bool) -> None:
        """Copy what jobs have finished since the last piece, if that is long ago, and the states of their
        trainings; remove the pieces of jobs that have ended in the copy.

        is_last: copy all that there is. Raises OSError when the folder cannot be written.
        """
        now = time.monotonic()
        # A training that has ended is an item of its job: that goes out before its state goes away.
        ended = self._states.find_ended(is_last)
        for stamp in sorted((self._run / SCRATCH).glob("*/*/lineage")):
            since = self._copied_at.setdefault(stamp, now)
            if is_last or ended or now - since >= PIECE_SECONDS:
                self._copied_at[stamp] = now
                self._push_job(stamp.parent)
        for folder in sorted((self._copy / SCRATCH).glob("*/*")):
            rule, name = folder.parts[-2:]
            if (self._run / SCRATCH / rule / name).exists():
                continue
            if (self._copy / find_record(rule, name)).is_file():
                shutil.rmtree(folder)
        self._states.push(is_last)
        for state in ended:
            state.unlink(missing_ok=True)

    def _push_job(self, scratch: Path) -> None:
        target = self._copy / scratch.relative_to(self._run)
        with tempfile.TemporaryDirectory() as folder:
            piece = Path(folder) / "piece.tar"
            while True:
                try:
                    digest = (scratch / "lineage").read_text().strip()
                    first = max(
                        (end for _, end in map(_read_place, target.glob(f"{digest}-*.tar"))), default=0
                    )
                    end = _write_piece(scratch, first, piece)
                except FileNotFoundError:  # the job has just ended, or begins anew
                    return
                if end == first:
                    return
                name = f"{digest}-{first:08}-{end:08}-{file_sha256(piece)[:_DIGITS]}.tar"
                copy_whole(piece, target / name)
                for other in target.glob("*.tar"):
                    if not other.name.startswith(f"{digest}-"):
                        other.unlink()


def take_back(rule: str, name: str, digest: str, parts: Sequence[Path]) -> int:
    """Put what the first of the parts that has anything had finished of a job into its scratch here, the
    current directory; return how many items.

    Nothing where the job has scratch of its own. Scratch believes an item only when its files are what
    its line says.
    """
    target = SCRATCH / rule / name
    if target.exists():
        return 0
    for part in parts:
        pieces = sorted((part / SCRATCH / rule / name).glob(f"{digest}-*.tar"), key=_read_place)
        whole = [piece for piece in pieces if piece.stem.endswith(f"-{file_sha256(piece)[:_DIGITS]}")]
        if whole:
            with replaced_folder(target) as folder:
                lines = [line for piece in whole for line in _unpack(piece, folder / _FILES)]
                (folder / _JOURNAL).write_bytes(b"".join(lines))
                (folder / "lineage").write_text(f"{digest}\n")
            return len({json.loads(line)["key"] for line in lines})
    return 0


def _read_place(piece: Path) -> tuple[int, int]:
    """Return which lines of the journal a piece holds: the first, and the one after the last."""
    _, first, end, _ = piece.stem.rsplit("-", 3)
    return int(first), int(end)


def _write_piece(scratch: Path, first: int, piece: Path) -> int:
    """Write the lines of a journal from `first` on and their files as a tar, so many as a piece takes;
    return the line after the last.
    """
    lines = [line for line in (scratch / _JOURNAL).read_bytes().splitlines(True) if line.endswith(b"\n")]
    taken, size = [], 0
    with tarfile.open(piece, "w") as tar:
        for line in lines[first:]:
            if taken and size >= _PIECE_BYTES:
                break
            for name in json.loads(line)["files"]:
                tar.add(scratch / _FILES / name, f"{_FILES}/{name}")
                size += (scratch / _FILES / name).stat().st_size
            taken.append(line)
        content = b"".join(taken)
        member = tarfile.TarInfo(_JOURNAL)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return first + len(taken)


def _unpack(piece: Path, files: Path) -> Iterator[bytes]:
    """Put the files of a piece into a folder, and yield its lines."""
    files.mkdir(exist_ok=True)
    with tarfile.open(piece) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                continue
            if member.name == _JOURNAL:
                yield from content.read().splitlines(True)
            else:
                (files / Path(member.name).name).write_bytes(content.read())
