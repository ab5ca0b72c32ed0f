"""Records: what made each result, written by its job beside the results, so that a copy of a run says of
itself what it is.

Snakemake's own notes lie in `.snakemake`, know of times, and are lost by copies. A record is one JSON
file a job, `results/records/{rule}/{wildcards}.json`:

    rule, wildcards    the job
    lineage            what decides its outputs, whole (`unscene.run.lineage`)
    inputs             {path: fingerprint} of the files that it read
    outputs            {path: SHA-256}, of a folder {path: {name: SHA-256}}, each 16 hex digits
    machine, versions  where it ran, and on which libraries

It is written last, so a result that a killed job left half done has none that fits.
"""

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unscene.run.lineage import digest, fingerprint
from unscene.run.logs import LIBRARIES, library_version
from unscene.run.packs import PackError, is_stored, list_stored
from unscene.run.shards import file_sha256
from unscene.run.tables import TableError, read_json, write_json

RECORDS = Path("results/records")
_DIGITS = 16


@dataclass(frozen=True)
class Made:
    """What a record says of one output. content: a SHA-256, or those of a folder's files by name."""

    content: str | dict[str, str]
    record: dict

    @property
    def digest(self) -> str:
        """The digest of the lineage that made it."""
        return digest(self.record["lineage"])


def write_record(
    rule: str, wildcards: dict, lineage: dict, inputs: Iterable[str], outputs: Iterable[str]
) -> None:
    """Write the record of a job whose outputs are in place; paths are relative to the run's directory."""
    write_json(
        {
            "rule": rule,
            "wildcards": wildcards,
            "lineage": lineage,
            "inputs": {path: fingerprint_now(path) for path in inputs if Path(path).is_file()},
            "outputs": {path: hash_content(path) for path in outputs},
            "machine": platform.node(),
            "versions": {
                "python": platform.python_version(),
                **{name: library_version(name) for name in LIBRARIES},
            },
        },
        name_record(rule, wildcards),
    )


def name_record(rule: str, wildcards: dict) -> Path:
    """Return the path of a job's record, relative to the run's directory."""
    name = "-".join(str(value).replace("/", "_") for value in wildcards.values())
    return RECORDS / rule / f"{name}.json" if name else RECORDS / f"{rule}.json"


def find_record(rule: str, name: str) -> Path:
    """Return the path of the record whose file is called so: the inverse of `name_record(...).stem`."""
    return RECORDS / f"{rule}.json" if name == rule else RECORDS / rule / f"{name}.json"


def fingerprint_now(path: str | Path) -> str:
    """Return the fingerprint of a file's content as it is at this moment."""
    return fingerprint.__wrapped__(Path(path))


def hash_content(path: str | Path) -> str | dict[str, str]:
    """Return 16 hex digits of a file's SHA-256, or those of each file below a folder by its name, loose
    or packed.

    Hidden files, as Snakemake's time stamp, are no content. Raises PackError for a damaged pack.
    """
    path = Path(path)
    if not path.is_dir():
        return file_sha256(path)[:_DIGITS]
    return {name: file_sha256(path / name)[:_DIGITS] for name in list_content(path)}


def list_content(folder: Path) -> list[str]:
    """Return the names of the files below a folder, relative to it and sorted, hidden ones left out."""
    return [
        name for name, _ in list_stored(folder) if not any(part.startswith(".") for part in name.split("/"))
    ]


def iterate_records(run: Path) -> Iterator[dict]:
    """Yield the records of a run's directory; one that cannot be read is as good as none."""
    for path in sorted((run / RECORDS).rglob("*.json")):
        try:
            record = read_json(path)
        except TableError:
            continue
        if isinstance(record, dict) and {"rule", "lineage", "inputs", "outputs"} <= record.keys():
            yield record


def list_weights(run: Path) -> dict[tuple[str, str], str]:
    """Return {(rule, key of the config): fingerprint} of the weights that the records of a run name."""
    return {
        (record["rule"], key): weights
        for record in iterate_records(run)
        for key, weights in record["lineage"].get("weights", {}).items()
        if weights
    }


def index_outputs(run: Path) -> dict[str, list[Made]]:
    """Return {path of an output: what the records of a run say of it}. Two may: of a job that makes
    the files of all folds, and of one that made one.
    """
    found: dict[str, list[Made]] = {}
    for record in iterate_records(run):
        for path, content in record["outputs"].items():
            found.setdefault(path, []).append(Made(content, record))
    return found


def find_damage(path: Path, content: str | dict[str, str]) -> str | None:
    """Say what of an output is not as its record says; None when it is whole."""
    if isinstance(content, str):
        if not is_stored(path):
            return f"{path} is not there"
        return None if hash_content(path) == content else f"{path} has another content than its job wrote"
    if not path.is_dir():
        # Object stores know no empty folder.
        return f"{path} is not there" if content or path.exists() else None
    try:
        there = list_content(path)
        for name, sha256 in content.items():
            damage = find_damage(path / name, sha256)
            if damage:
                return damage
    except PackError as error:
        return str(error)
    more = sorted(set(there) - content.keys())
    return f"{path / more[0]} was not written by its job" if more else None
