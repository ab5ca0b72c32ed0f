"""Parquet parts with embedded pictures, written as they come: memory holds a few rows at a time."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from unscene.publish.columns import PICTURES, VALUES
from unscene.run.tables import KINDS

PART_BYTES = 400_000_000
# A reader of one row opens its whole group.
GROUP_ROWS = 64
_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
# The names by which `datasets` knows the kinds of run.tables.
_FEATURES: dict[str, Any] = {
    "text": {"dtype": "string", "_type": "Value"},
    "integer": {"dtype": "int64", "_type": "Value"},
    "number": {"dtype": "float64", "_type": "Value"},
    "boolean": {"dtype": "bool", "_type": "Value"},
}


def make_schema() -> pa.Schema:
    """Return the schema of a part. Its metadata tell `datasets` which columns are pictures."""
    fields = [(name, _PICTURE) for name in PICTURES] + [(one.name, KINDS[one.kind]) for one in VALUES]
    features = {name: {"_type": "Image"} for name in PICTURES}
    features |= {one.name: _FEATURES[one.kind] for one in VALUES}
    return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})


def write_parts(rows: Iterable[dict], folder: Path, part_bytes: int = PART_BYTES) -> int:
    """Write rows as `data/pairs-{i}-of-{n}.parquet` below a folder and return n.

    A row has the names of VALUES and, for each of PICTURES, PNG bytes or None. No rows: one part
    without any.
    """
    schema, data = make_schema(), folder / "data"
    data.mkdir(parents=True)
    paths: list[Path] = []
    writer: pq.ParquetWriter | None = None
    group: list[dict] = []

    def flush() -> None:
        nonlocal writer
        if writer is None:
            paths.append(data / f"{len(paths)}.parquet")
            writer = pq.ParquetWriter(paths[-1], schema, compression="zstd", write_page_checksum=True)
        writer.write_table(pa.Table.from_pylist(group, schema))
        group.clear()
        if paths[-1].stat().st_size >= part_bytes:
            writer.close()
            writer = None

    for row in rows:
        named = {name: _wrap(row[name], f"{row['edit_id']}-{name}.png") for name in PICTURES}
        group.append({**row, **named})
        if len(group) == GROUP_ROWS:
            flush()
    if group or not paths:
        flush()
    if writer is not None:
        writer.close()
    for number, path in enumerate(paths):
        path.rename(data / f"pairs-{number:05d}-of-{len(paths):05d}.parquet")
    return len(paths)


def _wrap(content: bytes | None, name: str) -> dict | None:
    return None if content is None else {"bytes": content, "path": name}
