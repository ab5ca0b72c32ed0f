"""The tables of a ledger, how an older one is brought up to date, and what is said of one that
cannot be used.
"""

import sqlite3
from pathlib import Path

from unscene.answers.batches.hosts import write_command
from unscene.run.stops import KnownStop

# `PRAGMA user_version` of a ledger; 0 is the format until November 2026, which did not number itself.
VERSION = 2
# A batch goes intended -> uploaded -> submitted -> settled; or it is dropped before it exists at
# the endpoint. Times are the endpoint's (NULL while it tells none).
_FORMAT = """
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
# What version 2 adds. `first`: the batch is the first request of a new prompt, sent alone.
# `missing_since`: since when the endpoint does not give the batch or its results.
# `worst_usd`: what a request costs at most. `calls`: requests that are asked without a batch just now.
_ADDED_COLUMNS = (
    ("batches", "first", "INTEGER NOT NULL DEFAULT 0"),
    ("batches", "missing_since", "REAL"),
    ("members", "worst_usd", "REAL"),
)
_ADDED = """
CREATE INDEX IF NOT EXISTS members_by_id ON members (custom_id);
CREATE INDEX IF NOT EXISTS answers_by_batch ON answers (batch);
CREATE TABLE IF NOT EXISTS calls (
  number INTEGER PRIMARY KEY, stage TEXT NOT NULL, custom_id TEXT NOT NULL, model TEXT NOT NULL,
  items INTEGER NOT NULL, worst_usd REAL NOT NULL);
"""


class LedgerError(KnownStop, RuntimeError):
    """A ledger that cannot be read or written; the message has the way out."""


def prepare(base: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new ledger, or bring those of an older one up to date, in one transaction."""
    version = base.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version > VERSION:
        raise LedgerError(
            f"{path}: a newer version of unscene wrote this ledger (format {version}, known up to"
            f" {VERSION}); use that version"
        )
    base.execute("BEGIN IMMEDIATE")
    try:
        for statement in _FORMAT.split(";"):
            base.execute(statement)
        for table, column, kind in _ADDED_COLUMNS:
            if column not in {row[1] for row in base.execute(f"PRAGMA table_info({table})")}:
                base.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        for statement in _ADDED.split(";"):
            base.execute(statement)
        base.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")


def explain(path: Path, error: sqlite3.DatabaseError) -> LedgerError:
    """Return what a complaint of SQLite means for the ledger at `path`, with the way out."""
    text = " ".join(str(error).split())
    if "readonly" in text or "unable to open" in text:
        return LedgerError(
            f"{path}: cannot be written ({text}). Paid answers are kept there: run in a directory that you"
            " may write, or copy the run directory to one"
        )
    if "locked" in text or "protocol" in text or "disk I/O" in text:
        return LedgerError(
            f"{path}: the file system does not do what the ledger needs ({text}; Google Drive and some"
            " network disks cannot lock). Put `state/` on a local disk and leave a link to it here; copy"
            " it back at the end"
        )
    if "full" in text:
        return LedgerError(f"{path}: the disk is full ({text}). Make room and run the same command again")
    return LedgerError(
        f"{path}: the ledger of paid answers is damaged ({text}). Nothing was sent. Restore it from a"
        " copy, or move it away and get back what the endpoint still has:"
        f" {write_command(path.parent, 'adopt')}\nWhat can be read: sqlite3 {path.name} .recover"
    )


def explain_lock(path: Path, error: OSError) -> LedgerError:
    """Return what it means that a lock cannot be taken, with the way out."""
    return LedgerError(
        f"{path}: cannot be locked ({error.strerror or error}). Without a lock two runs could pay for the"
        " same answers. Put `state/` on a local disk that may be written (not on Google Drive or a"
        " read-only one) and leave a link to it here"
    )
