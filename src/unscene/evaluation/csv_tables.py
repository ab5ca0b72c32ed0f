"""Tables of a run that people open, too: CSV with six digits."""

from pathlib import Path

import pandas as pd

from unscene.run.tables import Table, TableError, write_text


def write_csv(table: Table, frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame with just the columns that its table declares, in that order; TableError when
    others are there.
    """
    if set(frame.columns) != set(table.names):
        differing = sorted(set(frame.columns) ^ set(table.names))
        raise TableError(f"{path}: {', '.join(differing)}: not as {table.path} is declared")
    text = frame[table.names].to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_text(text, path)
