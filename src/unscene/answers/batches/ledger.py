"""The ledger of paid answers: what was intended, uploaded, submitted and answered, written before
and after each step.

It is one SQLite file outside Snakemake's outputs. Every method commits with fsync before it
returns, so a process that is killed anywhere leaves a ledger that says what may have been paid for.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from unscene.answers.batches.ledger_format import LedgerError, explain, explain_lock, prepare
from unscene.answers.batches.outcomes import AWAY, OK
from unscene.run.locks import wait_for_lock

__all__ = ["Intent", "Ledger", "LedgerError", "only_submitter", "sum_committed"]
# So many values stand in one statement.
_AT_ONCE = 500


class Intent(NamedTuple):
    """A batch that is about to be sent. members: (custom_id, items, dollars at most) of its requests.
    queued_tokens: with all that is under way. first: it is the first request of a new prompt.
    """

    stage: str
    shard: str
    model: str
    members: list[tuple[str, int, float]]
    tokens: int
    queued_tokens: int
    worst_usd: float
    first: bool = False


@contextmanager
def only_submitter(folder: Path) -> Iterator[None]:
    """Hold the lock of the one process that may submit from a run directory, to whatever endpoint;
    wait for it, and say so. The kernel frees it on any death.

    folder: that of a ledger; the lock lies above it, since the budget is one for all endpoints.
    """
    path = folder.resolve().parent / "submitter.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = wait_for_lock(path, "waiting: another job submits from here")
    except OSError as error:
        raise explain_lock(path, error) from None
    try:
        yield
    finally:
        os.close(handle)


def sum_committed(folder: Path) -> float:
    """Return the dollars that are spent, or under way at worst, in a run directory: by this ledger's
    folder and those of other endpoints beside it.
    """
    total = 0.0
    for path in sorted(folder.resolve().parent.glob("*/ledger.sqlite")):
        ledger = Ledger(path.parent)
        total += ledger.sum_usd() + ledger.sum_worst_usd()
        ledger.close()
    return total


class Ledger:
    """The ledger in a folder. Only the holder of `only_submitter` writes; anybody may read."""

    def __init__(self, folder: Path):
        self.path = folder / "ledger.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"{folder}: cannot be made ({error.strerror}); paid answers are kept there"
            ) from None
        with self._guarded():
            self._base = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            self._base.row_factory = sqlite3.Row
            # EXTRA also syncs the folder when the journal is removed: a commit survives a power cut.
            self._base.execute("PRAGMA synchronous = EXTRA")
            prepare(self._base, self.path)

    def check(self) -> None:
        """Read all pages of the file; LedgerError when one is damaged."""
        with self._guarded():
            found = self._base.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise explain(self.path, sqlite3.DatabaseError(found))

    @property
    def run(self) -> str:
        """The name that this ledger's batches carry at the endpoint."""
        return self._one("SELECT value FROM facts WHERE name = 'run'")["value"]

    def intend(self, intent: Intent, now: float) -> int:
        """Record that a batch is about to be sent; return its number."""
        row = intent._asdict() | {"members": len(intent.members), "first": int(intent.first)}
        with self._transaction():
            number = self._base.execute(
                "INSERT INTO batches (stage, shard, model, requests, tokens, queued_tokens, worst_usd, first,"
                " state, intended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'intended', ?)",
                [*row.values(), now],
            ).lastrowid
            assert number is not None, "a row was inserted"
            self._base.executemany(
                "INSERT INTO members (batch, custom_id, items, worst_usd) VALUES (?, ?, ?, ?)",
                ((number, *member) for member in intent.members),
            )
        return number

    def record_upload(self, number: int, file_id: str) -> None:
        """Record the id of a batch's uploaded file."""
        self._update(number, state="uploaded", file_id=file_id)

    def record_try(self, number: int, now: float | None) -> None:
        """Record that the batch is about to be created: from here on it may exist at the endpoint.
        now: the endpoint's time.
        """
        with self._transaction():
            self._base.execute(
                "UPDATE batches SET tried_at = ?, creates = creates + 1 WHERE number = ?", [now, number]
            )

    def record_batches(self, number: int, batches: list, now: float | None) -> None:
        """Record which batch was created for an intent. Any further ones are duplicates: to be
        cancelled, and booked.
        """
        first, *others = batches
        with self._transaction():
            self._set(number, state="submitted", **_read_batch(first))
            self._add_duplicates(number, others, now)

    def record_duplicates(self, number: int, batches: list, now: float | None) -> None:
        """Record batches that turned up beside the known one of an intent: to be cancelled, and booked."""
        with self._transaction():
            self._add_duplicates(number, batches, now)

    def record_status(self, number: int, batch) -> None:
        """Record what the endpoint says of a batch, where that is news."""
        row, told = self.find_batch(number), _read_batch(batch)
        if any(row[name] != value for name, value in told.items()):
            self._update(number, **told)

    def record_missing(self, number: int, since: float | None) -> None:
        """Record since when, by its own time, the endpoint does not give a batch or its results; None
        when it gives them.
        """
        self._update(number, missing_since=since)

    def record_cancel(self, number: int, now: float | None) -> None:
        """Record that we are about to cancel a batch."""
        self._update(number, cancel_at=now or 0.0)

    def drop(self, number: int, note: str) -> None:
        """Record that an intended batch was never created and will not be."""
        self._update(number, state="dropped", note=note)

    def settle(
        self,
        number: int,
        batch,
        answers: Iterable[tuple],
        note: str = "",
        lost_usd: float | Callable[[], float] = 0,
        rename: Callable[[Counter], dict[str, str]] | None = None,
    ) -> None:
        """Record all answers of a finished batch and its end, in one transaction.

        batch: None when the endpoint tells nothing of it. answers: (custom_id, outcome, input tokens,
        output tokens, dollars, line or None). lost_usd: booked for what no line tells; a function is
        called when all answers are read. rename: from the counts of outcomes to the outcomes that are
        others in the light of the whole batch.
        """
        row = self.find_batch(number)
        with self._transaction():
            self._base.executemany(
                "INSERT INTO answers (custom_id, outcome, input_tokens, output_tokens, usd, line, stage,"
                " batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((*answer, row["stage"], number) for answer in answers),
            )
            for old, new in (rename(self.count_outcomes(number)) if rename else {}).items():
                self._base.execute(
                    "UPDATE answers SET outcome = ? WHERE batch = ? AND outcome = ?", [new, number, old]
                )
            lost = lost_usd() if callable(lost_usd) else lost_usd
            told = _read_batch(batch) if batch else {}
            self._set(number, state="settled", note=note, lost_usd=lost, **told)

    def add_answer(self, stage: str, answer: tuple) -> None:
        """Record one answer that came without a batch."""
        with self._transaction():
            self._add_answer(stage, answer)

    def begin_call(self, stage: str, custom_id: str, model: str, items: int, worst_usd: float) -> None:
        """Record that a request is about to be asked without a batch: it may be billed from here on."""
        with self._transaction():
            self._base.execute(
                "INSERT INTO calls (stage, custom_id, model, items, worst_usd) VALUES (?, ?, ?, ?, ?)",
                [stage, custom_id, model, items, worst_usd],
            )

    def end_call(self, stage: str, answer: tuple) -> None:
        """Record the answer to a call, and its end."""
        with self._transaction():
            self._add_answer(stage, answer)
            self._base.execute("DELETE FROM calls WHERE stage = ? AND custom_id = ?", [stage, answer[0]])

    def void_call(self, stage: str, custom_id: str) -> None:
        """Record that a call took no effect."""
        with self._transaction():
            self._base.execute("DELETE FROM calls WHERE stage = ? AND custom_id = ?", [stage, custom_id])

    def lose_calls(self) -> tuple[int, float]:
        """Book the calls that a killed process left open at their worst case; return how many, and
        the dollars. Their answers went with that process.
        """
        rows = self._all("SELECT * FROM calls")
        with self._transaction():
            for row in rows:
                self._add_answer(row["stage"], (row["custom_id"], AWAY, 0, 0, row["worst_usd"], None))
            self._base.execute("DELETE FROM calls")
        return len(rows), sum(row["worst_usd"] for row in rows)

    def find_batch(self, number: int) -> sqlite3.Row:
        """Return a batch by its number."""
        return self._one("SELECT * FROM batches WHERE number = ?", [number])

    def list_batches(self, *states: str) -> list[sqlite3.Row]:
        """Return the batches in these states (all, when none is named), in the order of their intents."""
        where = f"WHERE state IN ({_marks(states)})" if states else ""
        return self._all(f"SELECT * FROM batches {where} ORDER BY number", states)

    def list_batch_ids(self) -> set[str]:
        """Return the endpoint's names of all batches that are known."""
        return {row[0] for row in self._all("SELECT batch_id FROM batches WHERE batch_id IS NOT NULL")}

    def list_members(self, number: int) -> dict[str, int]:
        """Return the items of each request of a batch, by custom_id."""
        rows = self._all("SELECT custom_id, items FROM members WHERE batch = ?", [number])
        return {row["custom_id"]: row["items"] for row in rows}

    def list_worst(self, number: int) -> dict[str, float]:
        """Return the dollars that each request of a batch costs at most; an even share of the batch
        where that was not recorded.
        """
        row = self.find_batch(number)
        share = row["worst_usd"] / max(1, row["requests"])
        rows = self._all("SELECT custom_id, worst_usd FROM members WHERE batch = ?", [number])
        return {one["custom_id"]: share if one["worst_usd"] is None else one["worst_usd"] for one in rows}

    def list_free(self, number: int) -> list[str]:
        """Return the requests of a batch that no other batch under way holds."""
        rows = self._all(
            "SELECT custom_id FROM members m WHERE batch = ? AND NOT EXISTS (SELECT 1 FROM members o JOIN"
            " batches b ON b.number = o.batch WHERE o.custom_id = m.custom_id AND o.batch != m.batch"
            " AND b.state = 'submitted')",
            [number],
        )
        return [row["custom_id"] for row in rows]

    def list_under_way(self) -> set[str]:
        """Return the requests of all batches under way."""
        rows = self._all(
            "SELECT custom_id FROM members JOIN batches ON number = batch WHERE state = 'submitted'"
        )
        return {row["custom_id"] for row in rows}

    def list_outcomes(self, custom_ids: Iterable[str] | None = None) -> dict[str, list[str]]:
        """Return the outcomes of each request's attempts, in their order; of all requests, or of some."""
        found: dict[str, list[str]] = {}
        if custom_ids is None:
            rows = self._all("SELECT custom_id, outcome FROM answers ORDER BY number")
        else:
            names, rows = list(custom_ids), []
            for start in range(0, len(names), _AT_ONCE):
                part = names[start : start + _AT_ONCE]
                rows += self._all(
                    f"SELECT custom_id, outcome FROM answers WHERE custom_id IN ({_marks(part)}) ORDER"
                    " BY number",
                    part,
                )
        for row in rows:
            found.setdefault(row["custom_id"], []).append(row["outcome"])
        return found

    def list_named(self, number: int, outcomes: Iterable[str]) -> list[str]:
        """Return the requests of a batch that had one of these outcomes in it."""
        wanted = list(outcomes)
        rows = self._all(
            f"SELECT DISTINCT custom_id FROM answers WHERE batch = ? AND outcome IN ({_marks(wanted)})",
            [number, *wanted],
        )
        return [row["custom_id"] for row in rows]

    def was_passed_over(self, stage: str, custom_id: str) -> bool:
        """Return whether other requests of a stage were answered in a batch in which this one failed,
        or after it.
        """
        row = self._one(
            "SELECT EXISTS (SELECT 1 FROM answers o WHERE o.stage = ? AND o.outcome = ? AND o.batch >="
            " (SELECT MIN(batch) FROM answers WHERE custom_id = ? AND line IS NOT NULL)) AS passed",
            [stage, OK, custom_id],
        )
        return bool(row["passed"])

    def count_outcomes(self, number: int) -> Counter:
        """Return how many requests of a batch had which outcome in it."""
        rows = self._all(
            "SELECT outcome, COUNT(*) AS times FROM answers WHERE batch = ? GROUP BY outcome", [number]
        )
        return Counter({row["outcome"]: row["times"] for row in rows})

    def find_accepted(self, stage: str) -> tuple[int, float]:
        """Return how many accepted answers a stage has, and the dollars they cost."""
        row = self._one(
            "SELECT COUNT(*) AS many, SUM(usd) AS usd FROM answers WHERE stage = ? AND outcome = ?",
            [stage, OK],
        )
        return row["many"], row["usd"] or 0.0

    def find_answer(self, custom_id: str) -> str | None:
        """Return the answer line that counts: the first accepted one, else the last that came; None
        without any.
        """
        row = self._one(
            "SELECT line FROM answers WHERE custom_id = ? AND line IS NOT NULL "
            "ORDER BY outcome = 'ok' DESC, CASE WHEN outcome = 'ok' THEN number ELSE -number END LIMIT 1",
            [custom_id],
        )
        return row["line"] if row else None

    def sum_usd(self, stage: str | None = None) -> float:
        """Return the dollars that are settled, of all stages or of one."""
        where, values = ("WHERE stage = ?", [stage]) if stage else ("", [])
        answers = self._one(f"SELECT SUM(usd) FROM answers {where}", values)[0]
        lost = self._one(f"SELECT SUM(lost_usd) FROM batches {where}", values)[0]
        return (answers or 0.0) + (lost or 0.0)

    def sum_worst_usd(self) -> float:
        """Return the dollars that batches and calls under way may cost at worst, of all stages:
        intents count, too.
        """
        batches = self._one(
            "SELECT SUM(worst_usd) FROM batches WHERE state IN ('intended', 'uploaded', 'submitted')"
        )[0]
        calls = self._one("SELECT SUM(worst_usd) FROM calls")[0]
        return (batches or 0.0) + (calls or 0.0)

    def sum_tokens(self, stage: str) -> dict[str, int]:
        """Return a stage's tokens, line by line."""
        row = self._one(
            "SELECT SUM(input_tokens) AS read, SUM(output_tokens) AS written FROM answers WHERE stage = ?",
            [stage],
        )
        return {"input_tokens": row["read"] or 0, "output_tokens": row["written"] or 0}

    def sum_by_batch(self) -> dict[int, float]:
        """Return the dollars that each batch has cost so far, by its number."""
        rows = self._all(
            "SELECT b.number, b.lost_usd + COALESCE(SUM(a.usd), 0) AS usd FROM batches b"
            " LEFT JOIN answers a ON a.batch = b.number GROUP BY b.number"
        )
        return {row["number"]: row["usd"] for row in rows}

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _add_answer(self, stage: str, answer: tuple) -> None:
        self._base.execute(
            "INSERT INTO answers (custom_id, outcome, input_tokens, output_tokens, usd, line, stage) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*answer, stage],
        )

    def _add_duplicates(self, number: int, batches: list, now: float | None) -> None:
        row = self.find_batch(number)
        for batch in batches:
            copied = self._base.execute(
                "INSERT INTO batches (stage, shard, model, state, requests, tokens, queued_tokens, worst_usd,"
                " intended_at, file_id, cancel_at, duplicate_of) VALUES (?, ?, ?, 'submitted', ?, ?, ?, ?, ?,"
                " ?, ?, ?)",
                [
                    *(row[key] for key in ("stage", "shard", "model", "requests", "tokens", "queued_tokens")),
                    *(row["worst_usd"], row["intended_at"], batch.input_file_id, now or 0.0, number),
                ],
            ).lastrowid
            assert copied is not None, "a row was inserted"
            self._set(copied, **_read_batch(batch))
            self._base.execute(
                "INSERT INTO members (batch, custom_id, items, worst_usd)"
                " SELECT ?, custom_id, items, worst_usd FROM members WHERE batch = ?",
                [copied, number],
            )

    def _all(self, statement: str, values: Iterable = ()) -> list[sqlite3.Row]:
        with self._guarded():
            return self._base.execute(statement, list(values)).fetchall()

    def _one(self, statement: str, values: Iterable = ()) -> sqlite3.Row:
        with self._guarded():
            return self._base.execute(statement, list(values)).fetchone()

    def _update(self, number: int, **values: object) -> None:
        with self._transaction():
            self._set(number, **values)

    def _set(self, number: int, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self._base.execute(f"UPDATE batches SET {columns} WHERE number = ?", [*values.values(), number])

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say what a complaint of SQLite means."""
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise  # a fault of this program
        except sqlite3.DatabaseError as error:
            raise explain(self.path, error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._base.in_transaction:  # some complaints of SQLite roll back by themselves
                    self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")


def _marks(values: Iterable) -> str:
    return ", ".join("?" for _ in values)


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
