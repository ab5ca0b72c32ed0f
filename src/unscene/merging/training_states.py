"""The states of unfinished trainings, copied out beside what device jobs have finished, and taken back.

    state/train/{arm}/fold{k}/seed{s}-{digest}-{sha256}.pt

digest: of the job's lineage, so no other training takes it back. sha256: 16 digits of the file's own, so
a damaged one is passed over. A state has weights, optimizer and loss curve: three or four times the
weights. So it goes out seldom, and the copy holds the last one.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from unscene.machine.scratch import link_file
from unscene.merging.copying import copy_whole
from unscene.run.shards import file_sha256
from unscene.run.tables import TableError, read_json, write_text
from unscene.training.state import MODELS, STATES, name_stamp, name_state

# How often the state of one training goes out: a large one seldom, since drives keep for weeks, in a bin
# that counts, what was replaced.
STATE_SECONDS, _BYTES_A_SECOND = 300.0, 2e6
_DIGITS = 16


class TrainingStates:
    """Copies the states of one run's trainings to one folder."""

    def __init__(self, run: Path, copy: Path):
        self._run, self._copy = run, copy
        self._copied_at: dict[Path, float] = {}
        self._gone: set[Path] = set()

    def find_ended(self, is_last: bool) -> list[Path]:
        """Return the states in the copy whose trainings have ended: they were here, and are gone since the
        call before, so that the job has noted its item; or the model of their lineage is in the copy.

        is_last: no job is at work any more, so the call before does not count.
        """
        before, self._gone, ended = self._gone, set(), []
        for copied in sorted((self._copy / STATES).rglob("*.pt")):
            stem, digest, _ = copied.stem.rsplit("-", 2)
            state = self._run / copied.relative_to(self._copy).with_name(f"{stem}.pt")
            model = self._copy / MODELS / state.relative_to(self._run / STATES).with_suffix("")
            if state.exists():
                continue
            if state in self._copied_at:
                self._gone.add(state)
            if _read_digest(model) == digest or state in (self._gone if is_last else self._gone & before):
                ended.append(copied)
        return ended

    def push(self, is_last: bool) -> None:
        """Copy the state of each training whose last copy is long ago. is_last: of each training."""
        now = time.monotonic()
        for state in sorted((self._run / STATES).rglob("*.pt")):
            since = self._copied_at.setdefault(state, now)
            try:
                due = max(STATE_SECONDS, state.stat().st_size / _BYTES_A_SECOND)
            except FileNotFoundError:  # its training has just ended
                continue
            if is_last or now - since >= due:
                self._copied_at[state] = now
                self._push_state(state)

    def _push_state(self, state: Path) -> None:
        folder = self._copy / state.parent.relative_to(self._run)
        with tempfile.TemporaryDirectory(dir=self._run / "state") as held_in:
            held = Path(held_in) / state.name
            try:
                digest = name_stamp(state).read_text().strip()
                link_file(state, held)  # the training may put the next one in its place meanwhile
            except FileNotFoundError:  # it has just ended
                return
            target = folder / f"{state.stem}-{digest}-{file_sha256(held)[:_DIGITS]}.pt"
            if not target.is_file():
                copy_whole(held, target)
        for other in folder.glob(f"{state.stem}-*.pt"):
            if other != target:
                other.unlink()


def take_back_state(model: str | Path, digest: str, parts: Sequence[Path]) -> bool:
    """Put the state of a model's training from the first of the parts that has a whole one into the
    current directory; say whether there was one. What is here stays.
    """
    state = name_state(model)
    if state.exists():
        return False
    for part in parts:
        for copied in sorted((part / state.parent).glob(f"{state.stem}-{digest}-*.pt")):
            if copied.stem.endswith(f"-{file_sha256(copied)[:_DIGITS]}"):
                write_text(f"{digest}\n", name_stamp(state))
                copy_whole(copied, state)
                return True
    return False


def _read_digest(model: Path) -> str | None:
    """Return the digest of the lineage that made a model's folder; None when there is none."""
    try:
        return read_json(model / "meta.json").get("settings_hash")
    except TableError:
        return None
