"""Shards: the unit of work. One job writes a folder of files and one table that lists them."""

import hashlib
import shutil
from pathlib import Path

import pandas as pd

from unscene.run.folders import open_beside, put_in_place
from unscene.run.packs import find_pack, open_stored, pack_folder
from unscene.run.tables import Table


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content as hex; a shard's picture may lie in a pack."""
    with open_stored(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def check_file(path: str | Path, sha256: str) -> None:
    """Raise ValueError when a file is not the one that a table recorded: an edited or half-copied folder."""
    found = file_sha256(path)
    if found != sha256:
        raise ValueError(
            f"{path}: its content changed since its table was written (SHA-256 {found[:12]}, "
            f"recorded {sha256[:12]}); "
            f"delete {Path(path).parent} and its .parquet and run again"
        )


def check_failed_share(frame: pd.DataFrame, max_failed_share: float, what: str) -> None:
    """Raise RuntimeError when more than `max_failed_share` of at least 20 rows have status `failed`.

    Single failures are rows; a systematic one (a wrong checkpoint, a full disk) must stop the run.
    """
    failed = frame[frame["status"] == "failed"]
    if len(frame) >= 20 and len(failed) > max_failed_share * len(frame):
        reasons = failed["reason"].value_counts().head(3).to_dict()
        raise RuntimeError(
            f"{what}: {len(failed)} of {len(frame)} items failed (runtime.max_failed_share is "
            f"{max_failed_share}); "
            f"commonest reasons: {reasons}"
        )


class ShardWriter:
    """Writes a shard's folder and table so that both appear whole or not at all.

    Files go to `folder`, a private temporary folder; `finish` renames it in place, then writes the table.
    Leaving the `with` block without `finish` (an exception, a kill) leaves no output. packs: put the
    files into one tar (`run.packs`).
    """

    def __init__(self, path_to_folder: str | Path, path_to_table: str | Path, packs: bool = False):
        self._final_folder, self._final_table = Path(path_to_folder), Path(path_to_table)
        self._packs = packs

    def __enter__(self) -> "ShardWriter":
        self.folder = open_beside(self._final_folder)
        return self

    def final_path(self, name: str) -> str:
        """Return the path, as tables record it, that a file of this name will have."""
        return str(self._final_folder / name)

    def finish(self, frame: pd.DataFrame, table: Table) -> None:
        """Put the folder in place and write the table."""
        if self._packs:
            pack_folder(self.folder, self.folder / find_pack(self._final_folder).name)
        put_in_place(self.folder, self._final_folder)
        table.write(frame, self._final_table)

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
