"""One rater's answers: an append-only file, held by one page at a time."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from unscene.quality.labels import QUESTIONS, read_lines
from unscene.run.locks import take_lock
from unscene.run.seeds import derive_seed


class RaterError(ValueError):
    """A rater's name that cannot be a file, or a rater whose page is open already."""


class LabelStore:
    """The sample in one rater's own order, and that rater's answers so far.

    Nothing of other raters is read, so nobody sees another's answers. An answer is on the disk
    before it is confirmed. Raises RaterError.
    """

    def __init__(self, folder: Path, rater: str, items: list[dict]):
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", rater):
            raise RaterError(f"rater {rater!r}: give a short name of lower-case letters, digits, - and _")
        self.rater, self.path = rater, folder / f"{rater}.jsonl"
        lock = take_lock(self.path)
        if lock is None:
            raise RaterError(f"{self.path}: another page of rater {rater!r} is open; close it first")
        self._lock = lock
        self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115
        # Every rater has another order, so that tiredness falls on different edits.
        self.items = sorted(items, key=lambda item: derive_seed("order", rater, item["edit_id"]))
        self._mend()
        self._answered: dict[str, dict] = {}
        for record in read_lines(self.path):
            self._apply(record)

    def _mend(self) -> None:
        """Cut off a last line that a crash tore: it was never confirmed."""
        content = self.path.read_bytes()
        if content and not content.endswith(b"\n"):
            self._file.truncate(content.rfind(b"\n") + 1)

    def _apply(self, record: dict) -> None:
        self._answered.pop(record["edit_id"], None)
        if not record.get("undone"):
            self._answered[record["edit_id"]] = record

    @property
    def done(self) -> int:
        """How many items of the sample are answered."""
        return sum(item["edit_id"] in self._answered for item in self.items)

    def get_next(self) -> int | None:
        """Return the position of the first item without an answer, or None when all have one."""
        return next((n for n, item in enumerate(self.items) if item["edit_id"] not in self._answered), None)

    def answer(self, position: int, answers: dict[str, bool]) -> None:
        """Store the answers to one item. ValueError unless each question has a yes or no."""
        if set(answers) != set(QUESTIONS) or not all(isinstance(value, bool) for value in answers.values()):
            raise ValueError(f"each of {', '.join(QUESTIONS)} needs true or false")
        self._append(self.items[position], answers)

    def undo(self) -> int | None:
        """Take the last answer back; return its position, or None when there is none."""
        position_of = {item["edit_id"]: position for position, item in enumerate(self.items)}
        for edit_id in reversed(self._answered):
            if edit_id in position_of:
                self._append(self.items[position_of[edit_id]], {"undone": True})
                return position_of[edit_id]
        return None

    def _append(self, item: dict, what: dict) -> None:
        record = {
            "edit_id": item["edit_id"],
            "edited_sha256": item["edited_sha256"],
            "rater": self.rater,
            **what,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._apply(record)

    def close(self) -> None:
        """Let go of the rater's file."""
        self._file.close()
        os.close(self._lock)
