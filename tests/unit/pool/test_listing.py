"""The pool as a run lists it: what shows a tested or guarded photo is left out and counted, and the
check of the folds stops a run that trains on it all the same.
"""

import json

import numpy as np
import pandas as pd
import pytest

from unscene.folds.checking import LeakError, check_folds
from unscene.folds.columns import FOLDS, LEAKS
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.masks.columns import SEEN
from unscene.pool.columns import POOL, POOL_DROPPED
from unscene.pool.listing import PoolError, list_pool
from unscene.run.tables import read_json, write_table
from unscene.samples.columns import SHARD_REJECTED, SHARD_SAMPLES

# Far from each other: 32 of 64 bits are set, and any two differ in 32.
HASHES = [0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x5555555555555555, 0x3333333333333333]
SETTINGS = {
    "words": "coco80",
    "samples": {"duplicate_hash_distance": 4},
    "folds": {"folds": 2, "duplicate_hash_distance": 6},
    "masks": {"target_confidence": 0.5},
}


def flip(value: int, bits: int) -> int:
    """Flip so many bits of a hash, as many set as cleared."""
    ones = [1 << place for place in range(64) if value >> place & 1]
    zeros = [1 << place for place in range(64) if not value >> place & 1]
    for mask in [*ones[: bits // 2], *zeros[: bits - bits // 2]]:
        value ^= mask
    return value


def photo(image_id: str, phash: int | str, **changes) -> dict:
    source, key = image_id.split("_", 1)
    row = dict.fromkeys(SHARD_SAMPLES.names) | {
        "image_id": image_id,
        "source": source,
        "shard": f"{source}-0-of-1",
        "source_key": key,
        "path": f"photos/{image_id}.png",
        "width": 8,
        "height": 8,
        "captions": [f"A dog on a street {key}."],
        "sha256": f"bytes of {image_id}",
        "phash": phash if isinstance(phash, str) else f"{phash:016x}",
    }
    return row | changes


class World:
    """A run of two tested photos (a fold each), one guarded and one without a fold, and pools beside it."""

    def __init__(self, folder):
        self.folder = folder
        self.run = [
            photo("run_0", HASHES[0], url="http://one"),
            photo("run_1", HASHES[1], group_key="album"),
            photo("run_2", HASHES[2]),  # an evaluation set has it
            photo("run_3", HASHES[3]),  # it has no wanted edit, so no fold
        ]
        self.sources = [{"name": "run", "format": "table", "photos": 4}]
        self.sources += [{"name": "pool", "format": "table", "photos": 9, "pool": True}]
        self.guards: list[dict] = []
        self.keywords: list[dict] = []
        self.seen: list[dict] = []

    def write(self, pool: list[dict], rejected: list[dict] = ()) -> None:
        folder = self.folder
        SHARD_SAMPLES.write(SHARD_SAMPLES.frame(self.run), folder / "run.parquet")
        SHARD_SAMPLES.write(SHARD_SAMPLES.frame(pool), folder / "pool-0.parquet")
        SHARD_REJECTED.write(SHARD_REJECTED.frame(rejected), folder / "rejected.parquet")
        samples = pd.DataFrame(self.run).assign(group=[row["image_id"] for row in self.run])
        write_table(samples[["image_id", "group", "sha256", "phash"]], folder / "samples.parquet")
        folds = [{"group": "run_0", "fold": 0}, {"group": "run_1", "fold": 1}]
        FOLDS.write(FOLDS.frame(folds), folder / "folds.parquet")
        leak = {"image_id": "run_2", "group": "run_2", "guard": "val", "reason": "id", "detail": "id 2"}
        LEAKS.write(LEAKS.frame([leak]), folder / "leaks.parquet")
        KEYWORDS.write(KEYWORDS.frame(self.keywords), folder / "keywords.parquet")
        SEEN.write(SEEN.frame(self.seen), folder / "seen.parquet")

    def list(self, pool: list[dict], rejected: list[dict] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
        self.write(pool, rejected)
        path = self.folder.joinpath
        inputs = {
            "tables": [path("pool-0.parquet")],
            "rejected": [path("rejected.parquet")],
            "run_tables": [path("run.parquet")],
            "samples": path("samples.parquet"),
            "folds": path("folds.parquet"),
            "leaks": path("leaks.parquet"),
            "hashes": [],
            "keywords": [path("keywords.parquet")] if self.keywords else [],
            "seen": [path("seen.parquet")] if self.seen else [],
        }
        outputs = {"pool": path("pool.parquet"), "dropped": path("dropped.parquet")}
        list_pool(self.make_job(inputs, outputs))
        return POOL.read(outputs["pool"]), POOL_DROPPED.read(outputs["dropped"])

    def make_job(self, inputs: dict, outputs: dict) -> Job:
        config = {"samples": {"sources": self.sources}, "folds": {"leak_guards": self.guards}}
        return Job(inputs, outputs, SETTINGS, config=config)

    def check(self) -> dict:
        pair = pd.DataFrame({"edit_id": ["a"], "image_id": ["run_0"], "group": ["run_0"]})
        for name in ("pairs", "unfiltered"):
            write_table(pair, self.folder / f"{name}.parquet")
        names = ("samples", "pairs", "unfiltered", "folds", "leaks", "pool", "dropped")
        inputs = {name: self.folder / f"{name}.parquet" for name in names} | {"sham": None, "repeats": None}
        check_folds(self.make_job(inputs, {"check": self.folder / "check.json"}))
        return read_json(self.folder / "check.json")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


FREE = photo("pool_free", HASHES[4])


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"sha256": "bytes of run_0"}, "tested"),
        ({"url": "http://one"}, "tested"),
        ({"group_key": "album"}, "tested"),
        ({"phash": f"{flip(HASHES[0], 4):016x}"}, "tested"),
        ({"phash": f"{flip(HASHES[0], 6):016x}"}, "near"),
        ({"phash": f"{flip(HASHES[0], 8):016x}"}, None),
        ({"sha256": "bytes of run_2"}, "leaked"),
        ({"phash": f"{flip(HASHES[2], 6):016x}"}, "near"),
        ({"sha256": "bytes of run_3"}, None),  # no fold and no guard: nothing is tested on it
        ({"sha256": "bytes of pool_free"}, "duplicate"),
    ],
)
def test_what_shows_a_tested_photo_is_left_out_with_its_reason(world, other, reason):
    pool, dropped = world.list([FREE, photo("pool_x", **{"phash": 0xF0F00F0FF0F0F0F0, **other})])
    assert pool["image_id"].tolist() == ["pool_free", *(() if reason else ["pool_x"])]
    assert dropped["reason"].tolist() == ([reason] if reason else [])
    assert world.check()["pool"] == {"photos": len(pool), "dropped": {reason: 1} if reason else {}}


def test_a_group_reaches_over_photos_between(world):
    # x is 4 bits from the tested photo and y 4 further: y's hash is too far, and of the same group.
    near = flip(HASHES[0], 4)
    further = near ^ (0b1111 << 30)
    assert (near ^ HASHES[0]).bit_count() == 4 and (further ^ HASHES[0]).bit_count() == 8
    pool, dropped = world.list([FREE, photo("pool_x", near), photo("pool_y", further)])
    assert dropped.set_index("image_id")["reason"].to_dict() == {"pool_x": "tested", "pool_y": "tested"}
    assert pool["image_id"].tolist() == ["pool_free"]


def test_leak_guards_are_asked_about_the_pool_too(world):
    (world.folder / "ids.txt").write_text("COCO_val2014_000000000007.jpg\n")
    world.guards = [{"name": "val2014", "ids": str(world.folder / "ids.txt"), "sources": ["pool"]}]
    pool, dropped = world.list([FREE, photo("pool_7", 0xF0F00F0FF0F0F0F0)])
    assert pool["image_id"].tolist() == ["pool_free"]
    assert dropped["detail"].tolist() == ["val2014: id 7"]


def test_items_that_could_not_be_read_are_counted_with_the_others(world):
    row = {"source": "pool", "reason": "broken", "detail": "cut off", "source_key": "3"}
    _, dropped = world.list([FREE], [row])
    assert dropped[["source_key", "reason"]].values.tolist() == [["3", "broken"]]


def test_the_pool_is_the_same_however_its_photos_are_cut(world, monkeypatch):
    (world.folder / "ids.txt").write_text("7\n")
    world.guards = [{"name": "val", "ids": str(world.folder / "ids.txt"), "sources": ["pool"]}]
    world.keywords = [
        {"image_id": "pool_free", "caption_id": f"pool_free-{n}", "words": words, "status": "ok"}
        for n, words in enumerate((["dog"], None, ["cat"]))
    ]
    near, same = photo("pool_4", flip(HASHES[1], 6)), photo("pool_5", 0, sha256="bytes of pool_free")
    rows = [near, FREE, photo("pool_7", 0xF0F00F0FF0F0F0F0), same, photo("pool_8", "", mentions=[["cat"]])]
    files = [world.folder / name for name in ("pool.parquet", "dropped.parquet")]
    found = []
    for count in (2**15, 1, 2):
        monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", count)
        pool, dropped = world.list(rows)
        found.append([file.read_bytes() for file in files])
    assert found[0] == found[1] == found[2]
    assert pool["named"].map(list).tolist() == [["cat", "dog"], ["cat"]]
    assert dropped[["source_key", "reason"]].values.tolist() == [
        ["5", "duplicate"],
        ["4", "near"],
        ["7", "guard"],
    ]


def test_a_pool_of_which_nothing_is_left_stops_the_run(world):
    with pytest.raises(PoolError, match="no photo of a pool is left of 1: .'tested': 1"):
        world.list([photo("pool_x", HASHES[0])])


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "bytes of run_1"},
        {"phash": f"{flip(HASHES[1], 6):016x}"},
        {"sha256": "bytes of run_2"},
    ],
)
def test_the_check_of_the_folds_stops_when_such_a_photo_is_in_the_pool(world, changes):
    pool, _ = world.list([FREE])
    POOL.write(pool.assign(**changes), world.folder / "pool.parquet")
    with pytest.raises(LeakError, match="pool photo pool_free"):
        world.check()


def test_words_come_from_captions_and_labels_from_a_detector_without_instances(world):
    world.keywords = [
        {"image_id": "pool_free", "caption_id": "pool_free-0", "words": ["dog"], "status": "ok"},
        {"image_id": "pool_dark", "caption_id": "pool_dark-0", "words": None, "status": "failed"},
    ]
    looked_for = ["person", "dog", "car", "kite"]
    world.seen = [
        {
            "image_id": "pool_free",
            "seen": ["person", "kite"],
            "confidences": np.array([0.3, 0.8], np.float32),
            "looked_for": looked_for,
            "status": "ok",
        },
        {"image_id": "pool_dark", "seen": [], "confidences": np.zeros(0, np.float32)}
        | {"looked_for": looked_for, "status": "failed", "reason": "broken"},
    ]
    pool, _ = world.list([FREE, photo("pool_dark", 0xF0F00F0FF0F0F0F0)])
    row, dark = pool.set_index("image_id").loc[["pool_free", "pool_dark"]].itertuples()
    assert (list(row.named), list(row.present)) == (["dog"], ["dog", "kite"])
    assert "person" in row.unknown and "fork" in row.unknown and "car" not in row.unknown
    assert (row.objects_from, dark.objects_from) == ("detector", "captions")
    assert len(dark.present) == 0 and len(dark.unknown) == 80


def test_an_instances_file_labels_the_photos_that_it_lists(world):
    path = world.folder / "instances.json"
    document = {
        "images": [{"id": 5, "file_name": "5.png", "height": 8, "width": 8}],
        "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "car"}, {"id": 47, "name": "cup"}],
        "annotations": [{"image_id": 5, "category_id": 3}],
    }
    path.write_text(json.dumps(document))
    world.sources[1] |= {"format": "coco", "instances": str(path), "images": ".", "captions": "-"}
    listed = photo("pool_5", HASHES[4], captions=["A dog beside a car."])
    told = photo("pool_6", 0xF0F00F0FF0F0F0F0, captions=["A cat."], mentions=[["cat"]])
    pool, _ = world.list([listed, told])
    row, other = pool.itertuples()
    assert (list(row.named), list(row.present), row.objects_from) == (["car", "dog"], ["car"], "instances")
    assert "dog" in row.unknown and "cup" not in row.unknown and "person" in row.unknown
    assert (list(other.present), other.objects_from, len(other.unknown)) == (["cat"], "captions", 79)
