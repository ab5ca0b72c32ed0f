"""Join the ledgers of several run directories into one, so that what any of them paid is paid for all."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path

from unscene.answers.batches.ledger import Ledger, LedgerError, only_submitter

_FILE = "ledger.sqlite"
_ENDED = ("settled", "dropped")


def join_ledgers(states: Iterable[Path], target: Path, moves: bool = False) -> int:
    """Add what the ledgers of several folders `state` hold to those of `target`; return the answers added.

    Nothing is taken twice, so joining again adds what has come since. A batch that was under way here
    and has ended there is taken as it ended. The other folders are only read. moves: the one run directory
    goes on at `target`, so a ledger keeps its name at the endpoint, by which its batches are found. Raises
    LedgerError when a ledger is damaged.
    """
    added = 0
    for state in states:
        for file in sorted((state / "api").glob(f"*/{_FILE}")):
            if (target / "api" / file.parent.name / _FILE).resolve() == file.resolve():
                continue
            added += _join(file.parent, target / "api" / file.parent.name, moves)
    return added


def _join(folder: Path, target: Path, moves: bool) -> int:
    with tempfile.TemporaryDirectory() as copied, only_submitter(target):
        for file in folder.glob(f"{_FILE}*"):  # with the pages that are not in the file yet
            shutil.copyfile(file, Path(copied) / file.name)
        _check_copy(Path(copied) / _FILE, folder / _FILE)
        if moves and not (target / _FILE).exists():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(copied) / _FILE, target / _FILE)
        for place in (Path(copied), target):
            ledger = Ledger(place)
            try:
                ledger.check()
            finally:
                ledger.close()
        if (folder / "endpoint.json").is_file() and not (target / "endpoint.json").exists():
            shutil.copyfile(folder / "endpoint.json", target / "endpoint.json")
        base = sqlite3.connect(target / _FILE, isolation_level=None)
        try:
            base.row_factory = sqlite3.Row
            base.execute("ATTACH ? AS other", [str(Path(copied) / _FILE)])
            base.execute("BEGIN IMMEDIATE")
            added = _add_batches(base) + _add_answers(base)
            base.execute("COMMIT")
        finally:
            base.close()
    return added


def _check_copy(copy: Path, file: Path) -> None:
    """Raise LedgerError, naming the part's own file, when its copy is damaged."""
    base = sqlite3.connect(copy)
    try:
        (found,) = base.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    finally:
        base.close()
    if found != "ok":
        raise LedgerError(
            f"{file}: this part's ledger is damaged ({' '.join(found.split())}), so nothing was merged. Copy"
            " the part's `state/` again while no job of it runs"
        )


def _add_batches(base: sqlite3.Connection) -> int:
    """Add the batches with their members and answers; return the answers added."""
    numbers: dict[int, int] = {}
    added = 0
    for row in base.execute("SELECT * FROM other.batches ORDER BY number").fetchall():
        there = dict(row)
        number = there.pop("number")
        known = _find_batch(base, there)
        if known is None:
            names = ", ".join(there)
            marks = ", ".join("?" for _ in there)
            statement = f"INSERT INTO main.batches ({names}) VALUES ({marks})"
            numbers[number] = base.execute(statement, list(there.values())).lastrowid or 0
        else:
            numbers[number] = known["number"]
            if known["state"] in _ENDED or there["state"] not in _ENDED:
                continue
            values = ", ".join(f"{name} = ?" for name in there)
            base.execute(
                f"UPDATE main.batches SET {values} WHERE number = ?", [*there.values(), known["number"]]
            )
            for table in ("members", "answers"):
                base.execute(f"DELETE FROM main.{table} WHERE batch = ?", [known["number"]])
        base.execute(
            "INSERT INTO main.members (batch, custom_id, items, worst_usd)"
            " SELECT ?, custom_id, items, worst_usd FROM other.members WHERE batch = ?",
            [numbers[number], number],
        )
        added += base.execute(
            "INSERT INTO main.answers (custom_id, stage, batch, outcome, input_tokens, output_tokens, usd,"
            " line) SELECT custom_id, stage, ?, outcome, input_tokens, output_tokens, usd, line"
            " FROM other.answers WHERE batch = ? ORDER BY number",
            [numbers[number], number],
        ).rowcount
        if there["duplicate_of"] is not None:
            base.execute(
                "UPDATE main.batches SET duplicate_of = ? WHERE number = ?",
                [numbers.get(there["duplicate_of"]), numbers[number]],
            )
    return added


def _find_batch(base: sqlite3.Connection, there: dict) -> sqlite3.Row | None:
    """Return the batch here that is the same: by the endpoint's name, or, before it had one, by what was
    intended and when.
    """
    if there["batch_id"] is not None:
        row = base.execute(
            "SELECT number, state FROM main.batches WHERE batch_id = ?", [there["batch_id"]]
        ).fetchone()
        if row is not None:
            return row
    return base.execute(
        "SELECT number, state FROM main.batches WHERE (batch_id IS NULL OR ? IS NULL) AND stage = ? AND shard"
        " = ? AND model = ? AND requests = ? AND intended_at = ?",
        [there[name] for name in ("batch_id", "stage", "shard", "model", "requests", "intended_at")],
    ).fetchone()


def _add_answers(base: sqlite3.Connection) -> int:
    """Add the answers that came without a batch, and the calls under way."""
    columns = "custom_id, stage, outcome, input_tokens, output_tokens, usd, line"
    added = base.execute(
        f"INSERT INTO main.answers ({columns}) SELECT {columns} FROM other.answers o WHERE batch IS NULL AND"
        " NOT EXISTS (SELECT 1 FROM main.answers m WHERE m.custom_id = o.custom_id AND m.batch IS NULL AND"
        " m.stage = o.stage AND m.outcome = o.outcome AND m.line IS o.line) ORDER BY number"
    ).rowcount
    base.execute(
        "INSERT INTO main.calls (stage, custom_id, model, items, worst_usd) SELECT stage, custom_id, model,"
        " items, worst_usd FROM other.calls o WHERE NOT EXISTS (SELECT 1 FROM main.calls m WHERE"
        " m.custom_id = o.custom_id AND m.stage = o.stage)"
    )
    return added
