"""Samples name their photos where this machine has them."""

import pandas as pd
import pytest

from partial_tables import write_some
from unscene.merging.photos import is_samples_table, name_photos_here
from unscene.run.tables import read_table
from unscene.samples.columns import SHARD_SAMPLES


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "results/samples/coco-0-of-1.parquet"
    paths = ["/mnt/part/coco/train/a.jpg", "/mnt/part/coco/b.jpg", "results/samples/coco-0-of-1/c.png"]
    frame = pd.DataFrame({"image_id": ["a", "b", "c"], "path": paths})
    path.parent.mkdir(parents=True)
    write_some(SHARD_SAMPLES, frame, path)
    for name in ("elsewhere/coco/train/a.jpg", "elsewhere/coco/b.jpg", paths[2]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return path


@pytest.mark.parametrize("key", ["images", "table"])
def test_photos_are_found_by_the_end_of_their_path(table, tmp_path, key):
    place = tmp_path / "elsewhere/coco"
    source = {"name": "coco", key: str(place if key == "images" else place / "captions.csv")}
    assert name_photos_here(table, source) == 0
    assert list(read_table(table)["path"]) == [
        "elsewhere/coco/train/a.jpg",
        "elsewhere/coco/b.jpg",
        "results/samples/coco-0-of-1/c.png",
    ]
    before = table.read_bytes()
    assert name_photos_here(table, source) == 0 and table.read_bytes() == before


def test_photos_that_are_not_here_are_counted_and_keep_their_path(table, tmp_path):
    (tmp_path / "elsewhere/coco/b.jpg").unlink()
    assert name_photos_here(table, {"name": "coco", "images": str(tmp_path / "elsewhere/coco")}) == 1
    assert read_table(table)["path"][1] == "/mnt/part/coco/b.jpg"


def test_only_a_shards_own_table_holds_samples():
    assert is_samples_table("results/samples/coco-0-of-1.parquet")
    others = (
        "results/samples/samples.parquet",
        "results/samples/coco-0-of-1",
        "results/masks/coco-0-of-1.parquet",
    )
    assert not any(map(is_samples_table, (*others, "results/samples/coco-0-of-1.rejected.parquet")))
