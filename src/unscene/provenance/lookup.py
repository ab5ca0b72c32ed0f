"""Single rows of a run's tables, found without holding a table in memory; and what was asked and
answered about a text.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from unscene.answers.batch_lines import read_items, read_lines
from unscene.answers.verdicts import judge_answer
from unscene.run.tables import check_sealed


def find_rows(path: Path, **wanted: str | int) -> list[dict]:
    """Return the rows of a table whose columns have these values; none when the run has no such table.

    TableError when the table is damaged.
    """
    if not path.is_file():
        return []
    check_sealed(path)
    filters = [(column, "==", value) for column, value in wanted.items()]
    return pq.read_table(path, filters=filters).to_pylist()


def find_row(path: Path, **wanted: str | int) -> dict | None:
    """Return the first such row, or None."""
    rows = find_rows(path, **wanted)
    return rows[0] if rows else None


def find_answers(folder: Path, shard: str, item: str) -> Iterator[dict]:
    """Yield what was asked and answered about an item of a prompt, in the folder of a stage.

    A dict has `request` (its custom_id), `file`, `number` (the item's in the prompt), `of` (items in
    the prompt), `model`, `status`, `reason` and `answer`, the item's own part.
    """
    answers_path = folder / "raw" / f"{shard}.jsonl"
    for kind in ("requests", "followups"):
        path = folder / kind / f"{shard}.jsonl"
        for request in read_lines(path) if path.is_file() else ():
            items = read_items(request)
            if item not in items:
                continue
            number = items.index(item) + 1
            verdict = judge_answer(_find_line(answers_path, request["custom_id"]), len(items))
            yield {
                "request": request["custom_id"],
                "file": str(path),
                "number": number,
                "of": len(items),
                "model": verdict.model,
                "status": verdict.status,
                "reason": verdict.reason,
                "answer": verdict.items.get(number),
            }


def list_shards_of(run: Path) -> list[str]:
    """Return the names of the shards whose samples a run has."""
    tables = (run / "results/samples").glob("*-of-*.parquet")
    return sorted(table.stem for table in tables if not table.name.endswith(".rejected.parquet"))


def find_shard(run: Path, image_id: str) -> str | None:
    """Return the shard that read a photo, or None. One table is open at a time."""
    for shard in list_shards_of(run):
        if image_id.startswith(f"{shard.split('-')[0]}_") and find_rows(
            run / f"results/samples/{shard}.parquet", image_id=image_id
        ):
            return shard
    return None


def _find_line(path: Path, custom_id: str) -> dict | None:
    lines = read_lines(path) if path.is_file() else ()
    return next((line for line in lines if line.get("custom_id") == custom_id), None)
