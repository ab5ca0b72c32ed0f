"""The reference page of all tables that a run writes, from their declarations in `<room>/columns.py`,
or in the modules of `<room>/columns/`.
"""

from importlib import import_module
from pathlib import Path

import unscene
from unscene.run.tables import Table

REFERENCE = Path("docs/REFERENCE.md")
STAGES = (
    "scenes",
    "samples",
    "keywords",
    "batchsize",
    "masks",
    "edits",
    "captions",
    "quality",
    "folds",
    "train",
    "models",
    "metrics",
)
INTRODUCTION = """# The tables of a run

Made by `make schema` from the declarations in `src/unscene/<room>/columns.py` (evaluation: a folder
of that name). Paths are below `results/`. A name in braces stands for each of its kind: a shard, an
arm. Parquet files have page checksums and, in their footer, the SHA-256 of their own content; CSV
files are for people, too, and have six digits.
"""


def find_tables() -> list[Table]:
    """Return every declared table once, in the order of the flow and then by path."""
    root, found = Path(unscene.__path__[0]), {}
    for path in sorted([*root.glob("*/columns.py"), *root.glob("*/columns/*.py")]):
        name = ".".join(path.relative_to(root.parent).with_suffix("").parts)
        for value in vars(import_module(name.removesuffix(".__init__"))).values():
            tables = value.values() if isinstance(value, dict) else value
            tables = tables if isinstance(value, dict | list | tuple) else [value]
            found |= {(table.path, table.row): table for table in tables if isinstance(table, Table)}
    order = {stage: number for number, stage in enumerate(STAGES)}
    return sorted(
        found.values(), key=lambda table: (order.get(table.path.partition("/")[0], len(order)), table.path)
    )


def write_reference() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *(line for table in find_tables() for line in _describe(table))])


def _describe(table: Table) -> list[str]:
    lines = [
        f"## `{table.path}`",
        "",
        f"One row: {table.row}.",
        "",
        "| column | holds | meaning |",
        "|---|---|---|",
    ]
    for column in table.columns:
        holds = f"{column.kind}, {column.unit}" if column.unit else column.kind
        lines.append(f"| `{column.name}` | {holds} | {column.meaning} |")
    return [*lines, ""]
