"""Declared tables of which a test gives some columns only."""

from pathlib import Path

import pandas as pd

from unscene.run.tables import Table


def write_some(table: Table, frame: pd.DataFrame, path: str | Path) -> None:
    """Write the table with the frame's values of its columns; a column that the frame lacks is null
    throughout.
    """
    table.write(frame.reindex(columns=table.names).astype(object), path)
