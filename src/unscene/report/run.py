"""The tables of a finished run, read once, with the columns that the report needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from unscene.report.sections import FILES, File
from unscene.run.left_out import read_left_out
from unscene.run.tables import TableError, read_json, read_table


@dataclass
class Run:
    """A run: its tables and JSON files as attributes, by their names in FILES; None for what the run has not.

    paths: of every file, by name. settings: the config, as in the report's lineage. benchmarks,
    logs: folders that Snakemake and the jobs write. left_out: why there is no result of training.
    """

    paths: dict[str, Path]
    settings: dict = field(default_factory=dict)
    lineage: dict = field(default_factory=dict)
    benchmarks: Path = Path("benchmarks")
    logs: Path = Path("logs")
    tables: dict[str, pd.DataFrame | dict | Path] = field(default_factory=dict)
    left_out: str | None = None

    def __getattr__(self, name: str) -> pd.DataFrame | dict | Path | None:
        if name not in FILES:
            raise AttributeError(f"the report reads no file {name!r}: unscene.report.sections.FILES has none")
        return self.tables.get(name)


def read_run(paths: Mapping[str, str | Path], settings: dict, lineage: dict) -> Run:
    """Read the files named in `paths`, those that were left out aside; TableError names one that is
    broken or lacks a column.
    """
    named = {name: Path(paths[name]) for name in FILES if paths.get(name)}
    reasons = {name: read_left_out(path) for name, path in named.items()}
    found = {name: path for name, path in named.items() if reasons[name] is None}
    tables = {name: _read(path, FILES[name]) for name, path in found.items()}
    left_out = next((reason for reason in reasons.values() if reason), None)
    return Run(found, settings, lineage, tables=tables, left_out=left_out)


def _read(path: Path, file: File) -> pd.DataFrame | dict | Path:
    if file.table:
        return file.table.read(path, file.columns or None)
    if path.suffix == ".parquet":
        return read_table(path, file.columns)
    if path.suffix == ".csv":
        return _read_csv(path, file.columns)
    return read_json(path) if path.suffix == ".json" else path


def _read_csv(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, keep_default_na=True, dtype={"arm": str, "contrast": str, "metric": str})
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: cannot be read as CSV ({error}); delete it and run again") from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TableError(
            f"{path}: column {', '.join(missing)} is missing (there are: {', '.join(frame.columns)})"
        )
    return frame
