"""The ledger of paid answers: what was intended, uploaded, submitted and answered, written before
and after each step.

It is one SQLite file outside Snakemake's outputs. Every method commits with fsync before it
returns, so a process that is killed anywhere leaves a ledger that says what may have been paid for.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from unscene.run.locks import held_lock

# A batch goes intended -> uploaded -> submitted -> settled; or it is dropped before it exists at
# the endpoint.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
  number INTEGER PRIMARY KEY, stage TEXT NOT NULL, shard TEXT NOT NULL, model TEXT NOT NULL,
  state TEXT NOT NULL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
  queued_tokens INTEGER NOT NULL, worst_usd REAL NOT NULL, intended_at REAL NOT NULL, tried_at REAL,
  creates INTEGER NOT NULL DEFAULT 0,
  file_id TEXT, batch_id TEXT UNIQUE, status TEXT, created_at REAL, expires_at REAL,
  completed INTEGER NOT NULL DEFAULT 0, cancel_at REAL, duplicate_of INTEGER,
  lost_usd REAL NOT NULL DEFAULT 0, usage_input_tokens INTEGER, usage_output_tokens INTEGER, note TEXT);
CREATE TABLE IF NOT EXISTS members (
  batch INTEGER NOT NULL, custom_id TEXT NOT NULL, items INTEGER NOT NULL,
  PRIMARY KEY (batch, custom_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
  number INTEGER PRIMARY KEY, custom_id TEXT NOT NULL, stage TEXT NOT NULL, batch INTEGER,
  outcome TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, usd REAL NOT NULL,
  line TEXT);
CREATE INDEX IF NOT EXISTS answers_by_id ON answers (custom_id);
INSERT OR IGNORE INTO facts VALUES ('run', lower(hex(randomblob(16))));
"""


class LedgerError(RuntimeError):
    """A ledger that cannot be read."""


class Intent(NamedTuple):
    """A batch that is about to be sent. members: (custom_id, items) of its requests. queued_tokens:
    with all that is under way.
    """

    stage: str
    shard: str
    model: str
    members: list[tuple[str, int]]
    tokens: int
    queued_tokens: int
    worst_usd: float


@contextmanager
def only_submitter(folder: Path) -> Iterator[None]:
    """Hold the lock of the one process that may submit; wait for it, and say so. The kernel frees
    it on any death.
    """
    with held_lock(folder.resolve() / "submitter.lock", "waiting: another job submits from here"):
        yield


class Ledger:
    """The ledger in a folder. Only the holder of `only_submitter` writes; anybody may read."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "ledger.sqlite"
        try:
            self._base = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            self._base.row_factory = sqlite3.Row
            # EXTRA also syncs the folder when the journal is removed: a commit survives a power cut.
            self._base.execute("PRAGMA synchronous = EXTRA")
            if not self._base.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers_by_id'").fetchone():
                self._base.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"{self.path}: cannot be used as the ledger of paid answers ({error}); restore it from a"
                " copy. Without it the answers would be paid a second time"
            ) from error

    @property
    def run(self) -> str:
        """The name that this ledger's batches carry at the endpoint."""
        return self._base.execute("SELECT value FROM facts WHERE name = 'run'").fetchone()["value"]

    def intend(self, intent: Intent, now: float) -> int:
        """Record that a batch is about to be sent; return its number."""
        row = intent._asdict() | {"members": len(intent.members)}
        with self._transaction():
            number = self._base.execute(
                "INSERT INTO batches (stage, shard, model, requests, tokens, queued_tokens, worst_usd, state,"
                " intended_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'intended', ?)",
                [*row.values(), now],
            ).lastrowid
            assert number is not None, "a row was inserted"
            self._base.executemany(
                "INSERT INTO members VALUES (?, ?, ?)",
                ((number, name, items) for name, items in intent.members),
            )
        return number

    def record_upload(self, number: int, file_id: str) -> None:
        """Record the id of a batch's uploaded file."""
        self._update(number, state="uploaded", file_id=file_id)

    def record_try(self, number: int, now: float) -> None:
        """Record that the batch is about to be created: from here on it may exist at the endpoint."""
        self._base.execute(
            "UPDATE batches SET tried_at = ?, creates = creates + 1 WHERE number = ?", [now, number]
        )

    def record_batches(self, number: int, batches: list, now: float) -> None:
        """Record which batch was created for an intent. Any further ones are duplicates: to be
        cancelled, and booked.
        """
        first, *others = batches
        with self._transaction():
            self._update(number, state="submitted", **_read_batch(first))
            self._add_duplicates(number, others, now)

    def record_duplicates(self, number: int, batches: list, now: float) -> None:
        """Record batches that turned up beside the known one of an intent: to be cancelled, and booked."""
        with self._transaction():
            self._add_duplicates(number, batches, now)

    def record_status(self, number: int, batch) -> None:
        """Record what the endpoint says of a batch."""
        self._update(number, **_read_batch(batch))

    def record_cancel(self, number: int, now: float) -> None:
        """Record that we are about to cancel a batch."""
        self._update(number, cancel_at=now)

    def drop(self, number: int, note: str) -> None:
        """Record that an intended batch was never created and will not be."""
        self._update(number, state="dropped", note=note)

    def settle(
        self, number: int, batch, answers: Iterable[tuple], note: str = "", lost_usd: float = 0
    ) -> None:
        """Record all answers of a finished batch and its end, in one transaction.

        answers: (custom_id, outcome, input tokens, output tokens, dollars, line or None). lost_usd:
        booked for answers that can no longer be fetched.
        """
        row = self.find_batch(number)
        with self._transaction():
            self._base.executemany(
                "INSERT INTO answers (custom_id, outcome, input_tokens, output_tokens, usd, line, stage,"
                " batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((*answer, row["stage"], number) for answer in answers),
            )
            self._update(number, state="settled", note=note, lost_usd=lost_usd, **_read_batch(batch))

    def forget(self, number: int, note: str, lost_usd: float) -> None:
        """Record that a batch's answers will never come; lost_usd is booked for it. Its requests
        may be asked anew.
        """
        self._update(number, state="settled", note=note, lost_usd=lost_usd)

    def add_answer(self, stage: str, answer: tuple) -> None:
        """Record one answer that came without a batch."""
        self._base.execute(
            "INSERT INTO answers (custom_id, outcome, input_tokens, output_tokens, usd, line, stage) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*answer, stage],
        )

    def find_batch(self, number: int) -> sqlite3.Row:
        """Return a batch by its number."""
        return self._base.execute("SELECT * FROM batches WHERE number = ?", [number]).fetchone()

    def list_batches(self, *states: str) -> list[sqlite3.Row]:
        """Return the batches in these states (all, when none is named), in the order of their intents."""
        rows = self._base.execute("SELECT * FROM batches ORDER BY number").fetchall()
        return [row for row in rows if not states or row["state"] in states]

    def list_members(self, number: int) -> dict[str, int]:
        """Return the items of each request of a batch, by custom_id."""
        rows = self._base.execute("SELECT custom_id, items FROM members WHERE batch = ?", [number])
        return {row["custom_id"]: row["items"] for row in rows}

    def list_outcomes(self, custom_ids: Iterable[str] | None = None) -> dict[str, list[str]]:
        """Return the outcomes of each request's attempts, in their order; of all requests, or of some."""
        found: dict[str, list[str]] = {}
        if custom_ids is None:
            rows = self._base.execute("SELECT custom_id, outcome FROM answers ORDER BY number")
            for row in rows:
                found.setdefault(row["custom_id"], []).append(row["outcome"])
            return found
        for name in custom_ids:
            rows = self._base.execute(
                "SELECT outcome FROM answers WHERE custom_id = ? ORDER BY number", [name]
            )
            if outcomes := [row["outcome"] for row in rows]:
                found[name] = outcomes
        return found

    def count_outcomes(self, number: int) -> Counter:
        """Return how many requests of a batch had which outcome in it."""
        rows = self._base.execute("SELECT outcome FROM answers WHERE batch = ?", [number])
        return Counter(row["outcome"] for row in rows)

    def find_answer(self, custom_id: str) -> str | None:
        """Return the answer line that counts: the first accepted one, else the last that came; None
        without any.
        """
        row = self._base.execute(
            "SELECT line FROM answers WHERE custom_id = ? AND line IS NOT NULL "
            "ORDER BY outcome = 'ok' DESC, CASE WHEN outcome = 'ok' THEN number ELSE -number END LIMIT 1",
            [custom_id],
        ).fetchone()
        return row["line"] if row else None

    def sum_usd(self, stage: str | None = None) -> float:
        """Return the dollars that are settled, of all stages or of one."""
        where, values = ("WHERE stage = ?", [stage]) if stage else ("", [])
        answers = self._base.execute(f"SELECT SUM(usd) FROM answers {where}", values).fetchone()[0]
        lost = self._base.execute(f"SELECT SUM(lost_usd) FROM batches {where}", values).fetchone()[0]
        return (answers or 0.0) + (lost or 0.0)

    def sum_worst_usd(self) -> float:
        """Return the dollars that batches under way may cost at worst, of all stages: intents count, too."""
        return sum(row["worst_usd"] for row in self.list_batches("intended", "uploaded", "submitted"))

    def sum_tokens(self, stage: str) -> dict[str, int]:
        """Return a stage's tokens, line by line."""
        row = self._base.execute(
            "SELECT SUM(input_tokens) AS read, SUM(output_tokens) AS written FROM answers WHERE stage = ?",
            [stage],
        ).fetchone()
        return {"input_tokens": row["read"] or 0, "output_tokens": row["written"] or 0}

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _add_duplicates(self, number: int, batches: list, now: float) -> None:
        row = self.find_batch(number)
        for batch in batches:
            copied = self._base.execute(
                "INSERT INTO batches (stage, shard, model, state, requests, tokens, queued_tokens, worst_usd,"
                " intended_at, file_id, cancel_at, duplicate_of) VALUES (?, ?, ?, 'submitted', ?, ?, ?, ?, ?,"
                " ?, ?, ?)",
                [
                    *(row[key] for key in ("stage", "shard", "model", "requests", "tokens", "queued_tokens")),
                    *(row["worst_usd"], now, batch.input_file_id, now, number),
                ],
            ).lastrowid
            assert copied is not None, "a row was inserted"
            self._update(copied, **_read_batch(batch))
            self._base.execute(
                "INSERT INTO members SELECT ?, custom_id, items FROM members WHERE batch = ?",
                [copied, number],
            )

    def _update(self, number: int, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self._base.execute(f"UPDATE batches SET {columns} WHERE number = ?", [*values.values(), number])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")


def _read_batch(batch) -> dict:
    """Return the columns that a batch object of the endpoint fills."""
    counts, usage = batch.request_counts, batch.usage
    return {
        "batch_id": batch.id,
        "status": batch.status,
        "created_at": batch.created_at,
        "expires_at": batch.expires_at,
        "completed": counts.completed + counts.failed if counts else 0,
        "usage_input_tokens": usage.input_tokens if usage else None,
        "usage_output_tokens": usage.output_tokens if usage else None,
    }
