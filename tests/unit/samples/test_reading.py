"""Reading a shard of any format: its share of the items, their ids, captions and order."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest

from sample_sources import make_photo, read_shard, write_coco, write_table_source, write_tars
from unscene.run.shard_names import list_shards
from unscene.samples.readers import SourceError, iterate_items
from unscene.samples.reading import clean_captions, clean_text, make_image_id, map_in_order


def test_more_items_than_photos_stop_with_the_way_out(tmp_path):
    table = write_table_source(tmp_path, [(f"{i}.png", "x") for i in range(5)])
    coco = write_coco(tmp_path, [{"id": i, "file_name": "a"} for i in range(5)], [])
    (tmp_path / "t.tsv").write_text("a\tb\n" * 5)
    cc = {"name": "cc", "format": "cc_tsv", "photos": 4, "table": "t.tsv", "images": "images"}
    for source in ({**table, "photos": 4}, {**coco, "photos": 4}, cc, {**write_tars(tmp_path), "photos": 4}):
        with pytest.raises(SourceError, match="`photos` is 4.*write photos: [56]"):
            list(iterate_items(source, range(2), tmp_path))


def test_names_in_other_letters_have_ids_of_their_own():
    # Two of 50,000 that have one digest of four bytes.
    first, second = (make_image_id("own", name) for name in ("\u4e42\u4e4b\u4e04", "\u4e55\u4e5e\u4e04"))
    assert first != second and re.fullmatch("own__[0-9a-f]{16}", first)


def test_a_name_that_is_no_text_is_a_row_and_loses_no_other(tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate((b"a.jpg", b"caf\xe9.jpg")):
        path = os.fsencode(folder) + b"/" + name
        make_photo(number).save(os.fsdecode(path))
        Path(os.fsdecode(path)).with_suffix(".json").write_text('{"caption": "A dog.", "group": "\\ud83d"}')
    source = {"name": "own", "format": "folder", "photos": 2, "folder": "photos"}
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert sample["group_key"].tolist() == ["?"] and sample["image_id"].tolist() == ["own_a"]
    assert rejected[["source_key", "reason"]].values.tolist() == [["caf?", "malformed"]]
    assert rejected["detail"][0].endswith("caf?.jpg: its name is no UTF-8 text; rename it")


def test_shards_partition_a_source_and_an_addition_changes_nothing(tmp_path, monkeypatch):
    for i in range(7):
        make_photo(i).save(tmp_path / f"{i}.png")
    source = {**write_table_source(tmp_path, [(f"{i}.png", "x") for i in range(7)]), "photos": 7}
    parts = [
        read_shard(tmp_path, monkeypatch, source, shard, shard_size=3)[0] for shard in list_shards(source, 3)
    ]
    assert [len(part) for part in parts] == [3, 3, 1]
    assert pd.concat(parts)["image_id"].tolist() == [f"own_{i}" for i in range(7)]
    first = Path("results/samples/own-0-of-3.parquet").read_bytes()
    read_shard(tmp_path, monkeypatch, source, "own-0-of-3", shard_size=3)
    assert Path("results/samples/own-0-of-3.parquet").read_bytes() == first


def test_shards_of_two_sources_never_share_a_name():
    old, new = ({"name": name, "photos": 5} for name in ("old", "new"))
    assert set(list_shards(old, 2)).isdisjoint(list_shards(new, 2))


def test_image_ids_never_collide():
    keys = ["a/1", "a_1", "a 1", "a__1", "ä1", "1", "", "_", "x" * 300, "x" * 301]
    ids = [make_image_id("s", key) for key in keys]
    assert len(set(ids)) == len(keys) and all(len(i) < 120 for i in ids)
    assert make_image_id("coco", "285") == "coco_285"


def test_captions_are_cleaned_with_their_mentions():
    assert clean_captions([" a\tb ", None, "", "c", "d"], [[1], [2], [3], [4], [5]], 2) == (
        ["a b", "c"],
        [[1], [4]],
    )
    assert clean_captions([], None, 0) == ([], None)
    assert clean_text("a\x00b\u00a0 c\ud83d") == "a b c?"


def test_map_in_order_keeps_order_and_few_in_flight():
    taken, most = [], 0

    def feed():
        for i in range(50):
            taken.append(i)
            yield i

    for done, value in enumerate(map_in_order(lambda i: i * i, feed(), workers=2)):
        assert value == done * done
        most = max(most, len(taken) - done)
    assert done == 49 and most <= 9
