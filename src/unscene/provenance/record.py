"""The record of a run, `results/provenance.json`: read and written with a seal of its own."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from unscene.run.lineage import canonical
from unscene.run.tables import TableError, read_json, write_json

PROVENANCE = Path("results/provenance.json")
# The part that two runs of the same inputs need not share.
CIRCUMSTANCES = "circumstances"


class RecordDamaged(TableError):
    """The record is not what was written, so nothing can be held against it."""


@dataclass(frozen=True)
class Output:
    """A file or folder that a rule makes, as it was when the run ended.

    path: relative to the run's directory. files: of a folder, else None. sha256: of the file's
    content, or of a folder's listing (`hash_folder`). rows_sha256: of a table with measured times,
    of its rows without these.
    """

    path: str
    rule: str
    bytes: int
    sha256: str
    files: int | None = None
    rows: int | None = None
    rows_sha256: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.files is not None


def write_record(record: dict, path: str | Path) -> None:
    """Write a record with the SHA-256 of its content beside it, as `seal`."""
    write_json({**record, "seal": _seal(record)}, path)


def read_record(path: Path) -> dict:
    """Return a record without its seal. RecordDamaged when it is not what was written."""
    try:
        record = read_json(path)
        seal = record.pop("seal", None)
    except (TableError, AttributeError) as error:
        raise RecordDamaged(f"{path}: cannot be read ({error})") from error
    if seal != _seal(record):
        raise RecordDamaged(f"{path}: its content is not what was written")
    return record


def list_outputs(record: dict) -> list[Output]:
    """Return the outputs of a record in the order of the flow."""
    measured = record[CIRCUMSTANCES]["measured"]
    return [Output(**{**entry, **measured.get(entry["path"], {})}) for entry in record["results"]]


def _seal(record: dict) -> str:
    text = json.dumps(canonical(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
