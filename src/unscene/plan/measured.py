"""What a run directory has measured so far: rates, yields, answers and bytes, each with how much it was
seen on. The pilot's first shards are enough.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from unscene.edits.columns import EDITS
from unscene.masks.columns import MASKS
from unscene.quality.columns import PAIRS
from unscene.run.shard_names import list_shards
from unscene.run.tables import read_json
from unscene.samples.columns import SHARD_REJECTED, SHARD_SAMPLES

RESULTS, BENCHMARKS = Path("results"), Path("benchmarks")
PILOT_TIMES = RESULTS / "pilot/training.json"
# What a pilot's try of a training step tells of which stage.
TRIED = {"train_clip": "seconds_per_photo", "evaluate_clip": "embedding_seconds_per_photo"}
MOST_SHARDS = 32  # whose files are counted


class Rate(NamedTuple):
    """Items a second of one device, and how many items of which devices it was seen on."""

    items_per_s: float
    items: int
    devices: str


class Share(NamedTuple):
    """So many of something come of one of what it was counted on (`of`)."""

    value: float
    of: int


def read_rates(benchmarks: Path = BENCHMARKS, tried: Path = PILOT_TIMES) -> dict[str, Rate]:
    """Return the rate of each device stage that has worked here, the loading of models left out; of
    training and evaluation what the pilot tried on pictures of noise.
    """
    rates = {}
    for rule in sorted({path.parent.name for path in benchmarks.glob("*/*.device.json")}):
        times = [read_json(path) for path in sorted((benchmarks / rule).glob("*.device.json"))]
        items, wall = (sum(time[name] for time in times) for name in ("items", "wall_s"))
        if items and wall:
            devices = sorted({time.get("device", "not recorded") for time in times})
            rates[rule] = Rate(items / wall, items, ", ".join(devices))
    if tried.is_file():
        found = read_json(tried)
        for rule, key in TRIED.items():
            if found["photos"] and found[key]:
                rates[rule] = Rate(1 / found[key], found["photos"], found["device"])
    return rates


def read_yields(sources: Iterable[dict], shard_size: int) -> dict[str, Share]:
    """Return `edits` wanted of a photo of the sources, `attempts` of an edit that was tried and `pairs`
    accepted of an edit, as far as tables of this run tell.

    A source counts by its own photos; one of which no shard is done, as the others do.
    """
    photos = edits = seen = 0.0
    tried: list[int] = []
    for source in sources:
        shards = [shard for shard in list_shards(source, shard_size) if _table("masks", shard).is_file()]
        read = sum(_count_rows(shard) for shard in shards)
        if not read:
            continue
        wanted = sum(_count_masks(_table("masks", shard)) for shard in shards)
        photos += source["photos"]
        edits += source["photos"] * wanted / read
        seen += read
        for shard in shards:
            if _table("edits", shard).is_file():
                made = EDITS.read(_table("edits", shard), ["attempt", "status"])
                tried += list(made.loc[made["status"].isin(("ok", "failed")), "attempt"].dropna())
    found = {"edits": Share(edits / photos, int(seen))} if photos else {}
    if tried:
        found["attempts"] = Share(sum(tried) / len(tried), len(tried))
    pairs, masks = RESULTS / "quality/pairs.parquet", RESULTS / "masks/masks.parquet"
    if pairs.is_file() and masks.is_file() and (whole := _count_masks(masks)):
        found["pairs"] = Share(len(PAIRS.read(pairs, ["edit_id"])) / whole, whole)
    return found


def read_dollars(stage: str, item: str) -> Share | None:
    """Return what an item of a text stage (`captions` read, `edits` put into words) has cost here; None
    where nothing was paid. Play money of a server of this machine counts as nothing.
    """
    path = RESULTS / stage / "cost.json"
    if not path.is_file():
        return None
    cost = read_json(path)
    settled, items = cost["settled"], cost[item]
    if not settled or settled["simulated"] or not items:
        return None
    return Share(settled["usd"] / items, items)


def measure_folders(sources: Iterable[dict], shard_size: int) -> dict[str, dict[str, Share]]:
    """Return `bytes` and `files` of an edit in the folders masks and edits, of a photo in `photos` and of
    a photo in the shards' `tables`, as they lie here.
    """
    shards = [
        shard
        for source in sources
        for shard in list_shards(source, shard_size)
        if _table("edits", shard).is_file()
    ][:MOST_SHARDS]
    if not shards:
        return {}
    photos = sum(_count_rows(shard) for shard in shards)
    edits = sum(_count_masks(_table("masks", shard)) for shard in shards)
    found = {}
    for name, stages, items in (
        ("photos", ["samples"], photos),
        ("masks", ["masks"], edits),
        ("edits", ["edits", "edits/sham"], edits),
    ):
        sizes = [size for stage in stages for shard in shards for size in _list_sizes(RESULTS / stage, shard)]
        if items:
            found[name] = {
                "bytes": Share(sum(sizes) / items, items),
                "files": Share(len(sizes) / items, items),
            }
    names = set(shards)
    tables = [
        path.stat().st_size
        for kind in ("parquet", "jsonl")
        for path in RESULTS.rglob(f"*.{kind}")
        if path.name.split(".")[0] in names
    ]
    if photos:
        found["tables"] = {
            "bytes": Share(sum(tables) / photos, photos),
            "files": Share(len(tables) / photos, photos),
        }
    return found


def _table(stage: str, shard: str) -> Path:
    return RESULTS / stage / f"{shard}.parquet"


def _count_masks(path: Path) -> int:
    """Return how many edits have a mask, so that they can be made."""
    return int((MASKS.read(path, ["status"])["status"] == "ok").sum())


def _count_rows(shard: str) -> int:
    """Return how many items of its source a shard has read, whatever became of them."""
    rejected = RESULTS / "samples" / f"{shard}.rejected.parquet"
    return len(SHARD_SAMPLES.read(_table("samples", shard), ["image_id"])) + len(
        SHARD_REJECTED.read(rejected, ["source"])
    )


def _list_sizes(folder: Path, shard: str) -> list[int]:
    """Return the sizes of the files in a shard's folder, which may be one pack."""
    loose = folder / shard
    return [file.stat().st_size for file in os.scandir(loose)] if loose.is_dir() else []
