"""The tables of a finished run, read once, with the columns that the report needs."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from unscene.run.tables import TableError, read_json, read_table

PARQUET_COLUMNS = {
    "samples": ["image_id", "path", "width", "height", "group", "shard"],
    "rejected_samples": ["source", "reason"],
    "keywords": ["image_id", "caption_id", "words", "status"],
    "masks": ["edit_id", "image_id", "category", "mask_path", "status", "reason"],
    "edits": ["edit_id", "image_id", "image_path", "model", "batch_shape", "seconds", "status", "reason"],
    "captions": ["edit_id", "caption_original", "caption_without", "caption_negated", "source", "status"],
    "scores": ["edit_id"],
    "control_scores": ["control_id", "kind", "area_fraction"],
    "pairs": ["edit_id", "category", "group", "original_path", "edited_path"],
    "rejected_edits": ["edit_id", "reason", "detail"],
    "folds": ["group", "fold"],
    "tested": ["arm", "fold", "seed", "edit_id", "text_score", "image_score", "group_score"],
    "classes": ["arm", "fold", "seed", "category"],
}
# Tables that only some runs have: None in the others.
OPTIONAL_COLUMNS = {"sweeps": ["arm", "alpha", "chosen"]}
CSV_COLUMNS = {
    "summary": ["arm", "metric", "mean", "low", "high", "n"],
    "comparison": ["contrast", "metric", "difference", "low", "high", "p", "n"],
}
OPTIONAL_CSV_COLUMNS = {
    "unseen": [
        "arm",
        "metric",
        "unseen",
        "seen",
        "zero_shot",
        "minus_seen",
        "minus_seen_low",
        "minus_seen_high",
        "minus_zero_shot",
        "minus_zero_shot_low",
        "minus_zero_shot_high",
        "n",
        "classes",
    ],
}
JSON_FILES = ("truth", "verdict", "cost", "plan", "calibration")
OPTIONAL_JSON_FILES = ("certificate",)  # null in the run when the config asks for none


@dataclass
class Run:
    """The tables of a run by name, and the path each came from."""

    paths: dict[str, Path]
    samples: pd.DataFrame
    rejected_samples: pd.DataFrame
    keywords: pd.DataFrame
    masks: pd.DataFrame
    edits: pd.DataFrame
    captions: pd.DataFrame
    scores: pd.DataFrame
    control_scores: pd.DataFrame
    pairs: pd.DataFrame
    rejected_edits: pd.DataFrame
    folds: pd.DataFrame
    tested: pd.DataFrame
    classes: pd.DataFrame
    sweeps: pd.DataFrame | None
    unseen: pd.DataFrame | None
    summary: pd.DataFrame
    comparison: pd.DataFrame
    truth: dict
    verdict: dict
    cost: dict
    plan: dict
    calibration: dict
    certificate: dict | None = None


def read_run(paths: dict[str, str | Path]) -> Run:
    """Read the tables named in `paths`; TableError names a file that is broken or lacks a column."""
    known = {**PARQUET_COLUMNS, **CSV_COLUMNS, **dict.fromkeys(JSON_FILES)}
    missing = sorted(set(known) - set(paths))
    if missing:
        raise TableError(
            f"write_report: no path is given for {', '.join(missing)}; see workflow/rules/report.smk"
        )
    sometimes = (*OPTIONAL_COLUMNS, *OPTIONAL_CSV_COLUMNS, *OPTIONAL_JSON_FILES)
    optional = {name: paths[name] for name in sometimes if name in paths}
    paths = {name: Path(paths[name]) for name in [*known, *optional]}
    tables: dict = {name: read_table(paths[name], columns) for name, columns in PARQUET_COLUMNS.items()}
    tables |= {name: _read_csv(paths[name], columns) for name, columns in CSV_COLUMNS.items()}
    tables |= {name: read_json(paths[name]) for name in JSON_FILES}
    for name, columns in OPTIONAL_COLUMNS.items():
        tables[name] = read_table(paths[name], columns) if name in paths else None
    for name, columns in OPTIONAL_CSV_COLUMNS.items():
        tables[name] = _read_csv(paths[name], columns) if name in paths else None
    for name in OPTIONAL_JSON_FILES:
        tables[name] = read_json(paths[name]) if name in paths else None
    return Run(paths=paths, **tables)


def _read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
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
