"""Which table says what the files of a folder are: the SHA-256 that its writer recorded for each."""

import re
from dataclasses import dataclass
from pathlib import Path

from unscene.edits.columns import EDITS, SHAM_EDITS
from unscene.masks.columns import MASKS
from unscene.run.shard_names import SHARD_PATTERN
from unscene.run.tables import Table
from unscene.samples.columns import SHARD_SAMPLES


@dataclass(frozen=True)
class Voucher:
    """A table of a shard, and its columns of (path, SHA-256) of files."""

    table: Table
    columns: tuple[tuple[str, str], ...]


VOUCHERS = (
    Voucher(SHARD_SAMPLES, (("path", "sha256"),)),
    Voucher(MASKS, (("mask_path", "mask_sha256"),)),
    Voucher(EDITS, (("image_path", "edited_sha256"), ("mask_path", "mask_sha256"))),
    Voucher(SHAM_EDITS, (("image_path", "edited_sha256"), ("mask_path", "mask_sha256"))),
)
_BY_FOLDER = {Path("results", voucher.table.path).parent: voucher for voucher in VOUCHERS}


def find_voucher(folder: str) -> Path | None:
    """Return the path of the table that tells what a shard's folder holds; None when no table does."""
    path = Path(folder)
    is_shard = re.fullmatch(SHARD_PATTERN, path.name) and path.parent in _BY_FOLDER
    return path.with_name(f"{path.name}.parquet") if is_shard else None


def list_vouched(run: Path) -> list[str]:
    """Return the folders of a run's shards that a table vouches for, relative to the run and sorted."""
    return sorted(
        str(folder / path.name)
        for folder in _BY_FOLDER
        if (run / folder).is_dir()
        for path in (run / folder).iterdir()
        if path.is_dir() and re.fullmatch(SHARD_PATTERN, path.name)
    )


def read_inside(folder: str, run: Path = Path(".")) -> dict[str, str]:
    """Return {name: SHA-256} of the files in a shard's folder that its table names; none when no table
    vouches for the folder. TableError when the table is damaged.
    """
    table = find_voucher(folder)
    told = read_voucher(table, run) if table else {}
    return {
        str(Path(path).relative_to(folder)): sha256
        for path, sha256 in told.items()
        if Path(path).is_relative_to(folder)
    }


def read_voucher(table: Path, run: Path = Path(".")) -> dict[str, str]:
    """Return {path: SHA-256} of the files that a shard's table names, in its folder or elsewhere.

    table: relative to the run's directory. TableError when it is damaged.
    """
    voucher = _BY_FOLDER[table.parent]
    wanted = list(dict.fromkeys(name for pair in voucher.columns for name in pair))
    frame = voucher.table.read(run / table, wanted)
    return {
        path: sha256
        for path_column, sha_column in voucher.columns
        for path, sha256 in zip(frame[path_column], frame[sha_column], strict=True)
        if isinstance(path, str) and isinstance(sha256, str)
    }
