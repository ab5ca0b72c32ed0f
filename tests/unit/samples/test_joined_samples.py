"""The join of all shards: duplicates, groups and ids that collide."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from in_memory_joins import group_samples, read_all
from sample_sources import join_parts, make_photo, read_shard, write_table_source
from unscene.samples.columns import SAMPLES, SHARD_REJECTED, SHARD_SAMPLES
from unscene.samples.joining import ImageIdError


def test_join_rejects_duplicates_and_groups(tmp_path, monkeypatch):
    for i in range(4):
        make_photo(i).save(tmp_path / f"{i}.png")
    make_photo(0).save(tmp_path / "again.png")
    make_photo(1).resize((32, 32)).resize((64, 48)).save(tmp_path / "near.png")
    one = write_table_source(tmp_path, [(f"{i}.png", "x") for i in range(4)], "one.csv")
    rows = [("again.png", "y", "http://u/2"), ("near.png", "y", ""), ("3.png", "z", "")]
    two = write_table_source(tmp_path, rows, "two.csv", ("path", "caption", "url"))
    one, two = {**one, "name": "one"}, {**two, "name": "two"}
    for source in (one, two):
        read_shard(tmp_path, monkeypatch, source)
    names = ["one-0-of-1", "two-0-of-1"]
    sample, rejected = join_parts([f"results/samples/{name}" for name in names], distance=6)
    assert sample["image_id"].tolist() == ["one_0", "one_1", "one_2", "one_3", "two_near"]
    assert sample["group"].tolist() == ["one_0", "one_1", "one_2", "one_3", "one_1"]
    assert rejected["reason"].tolist() == ["duplicate", "duplicate"]
    assert rejected["detail"].tolist() == ["has the bytes of one_0", "has the bytes of one_3"]


def test_join_stops_when_source_names_make_ids_collide(tmp_path, monkeypatch):
    make_photo(0).save(tmp_path / "1.png")
    make_photo(1).save(tmp_path / "b_1.png")
    for name, photo in (("a_b", "1.png"), ("a", "b_1.png")):
        read_shard(
            tmp_path,
            monkeypatch,
            {**write_table_source(tmp_path, [(photo, "x")], f"{name}.csv"), "name": name},
        )
    parts = [f"results/samples/{name}-0-of-1" for name in ("a", "a_b")]
    with pytest.raises(ImageIdError, match="'a_b_1' comes from a and a_b; rename"):
        join_parts(parts)


def test_a_join_in_pieces_groups_as_comparing_all_with_all_does(tmp_path, monkeypatch):
    """Photos whose bytes, URLs, keys and hashes meet at random, over shards of uneven sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", 16)
    rng = np.random.default_rng(5)
    base = rng.integers(0, 2**63, 400, dtype=np.uint64)
    rows = []
    for number in range(240):
        value = int(base[rng.integers(400)])
        for bit in rng.choice(64, rng.integers(0, 4), replace=False):
            value ^= 1 << int(bit)
        row = dict.fromkeys(SHARD_SAMPLES.names) | {
            "image_id": f"s_{number}",
            "source": "s",
            "source_key": str(number),
            "sha256": hashlib.sha256(str(rng.integers(700)).encode()).hexdigest(),
            "phash": rng.choice([f"{value:016x}", f"{value:016x}", "", None]),
            "url": rng.choice([f"https://x/{rng.integers(900)}", "", None]),
            "group_key": rng.choice([f"k{rng.integers(500)}", None, None]),
            "captions": [f"photo {number}"],
            "mentions": [["dog"], []] if number % 2 else None,
            "width": 9,
            "height": 9,
        }
        rows.append(row)
    parts, start = [], 0
    for size in (1, 0, 50, 3, 120, 66):
        name = f"s-{len(parts)}-of-6"
        frame = SHARD_SAMPLES.frame(rows[start : start + size]).assign(shard=name)
        SHARD_SAMPLES.write(frame, f"{name}.parquet")
        refused = SHARD_REJECTED.frame([{"source": "s", "reason": "broken", "shard": name}] * (size % 3))
        SHARD_REJECTED.write(refused, f"{name}.rejected.parquet")
        parts.append(name)
        start += size
    sample, rejected = join_parts(parts, distance=3)
    whole = read_all([f"{name}.parquet" for name in parts])
    whole["group"] = group_samples(whole, 3)
    first = whole.groupby("sha256")["image_id"].transform("first")
    kept = whole[whole["image_id"] == first]
    assert 20 < kept["group"].nunique() < len(kept) < len(whole) - 20
    expected = kept[SAMPLES.names].reset_index(drop=True)
    pd.testing.assert_frame_equal(sample, expected, check_dtype=False)
    twice = whole[whole["image_id"] != first]
    assert list(rejected["reason"]) == ["broken"] * 3 + ["duplicate"] * len(twice)
    assert list(rejected["source_key"][3:]) == list(twice["source_key"])
    assert list(rejected["detail"][3:]) == ["has the bytes of " + name for name in first[twice.index]]
