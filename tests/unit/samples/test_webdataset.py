"""Tars of a webdataset as a source: whole, cut off, counted and with keys that meet."""

from pathlib import Path

import pandas as pd
import pytest

from sample_sources import encode, make_photo, read_shard, write_tar, write_tars
from unscene.run.shard_names import list_shards
from unscene.samples.readers import SourceError, iterate_items


def test_webdataset_writes_its_photos_out(tmp_path, monkeypatch):
    source = write_tars(tmp_path)
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == [
        "web_000000000",
        "web_000000001",
        "web_000010000",
        "web_000010001",
        "web_000010002",
    ]
    assert sample["captions"].map(list).tolist() == [
        ["text 0"],
        ["text 1"],
        ["text 3"],
        ["json 4"],
        ["text 5"],
    ]
    assert sample["url"].tolist() == [f"http://w/{i}" for i in (0, 1, 3, 4, 5)]
    assert rejected["reason"].tolist() == ["broken"]
    folder = Path("results/samples/web-0-of-1")
    assert sorted(p.name for p in folder.iterdir()) == sorted(Path(path).name for path in sample["path"])
    assert (folder / "web_000000000.jpg").read_bytes() == encode(make_photo(0))
    assert sample["path"][1].endswith("web_000000001.png")
    assert rejected["detail"][0].startswith("web_000000002.jpg")  # no word of the temporary folder


def test_webdataset_shards_cover_each_item_once(tmp_path, monkeypatch):
    source = write_tars(tmp_path)
    whole, _ = read_shard(tmp_path, monkeypatch, source)
    parts = [
        read_shard(tmp_path, monkeypatch, source, shard, shard_size=2)[0] for shard in list_shards(source, 2)
    ]
    assert pd.concat(parts)["image_id"].tolist() == whole["image_id"].tolist()


def test_webdataset_counts_from_stats_and_checks_them(tmp_path):
    source = write_tars(tmp_path)
    stats = tmp_path / "tars" / "00000_stats.json"
    stats.write_text('{"successes": 3}')
    assert len(list(iterate_items(source, range(6), tmp_path))) == 6
    stats.write_text('{"successes": 2}')
    with pytest.raises(SourceError, match="has 3 items, its stats file says 2; delete 00000_stats.json"):
        list(iterate_items(source, range(6), tmp_path))


@pytest.mark.parametrize("with_stats", [True, False])
def test_a_tar_that_is_cut_off_ends_in_rows(tmp_path, monkeypatch, with_stats):
    source = write_tars(tmp_path)
    path = tmp_path / "tars" / "00001.tar"
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"000010001.jpg") + 700])
    if with_stats:
        (tmp_path / "tars" / "00001_stats.json").write_text('{"successes": 3}')
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == ["web_000000000", "web_000000001", "web_000010000"]
    assert len(rejected) == 3 and set(rejected["reason"]) <= {"broken", "no_caption"}


def test_keys_of_other_tars_get_the_tar_name(tmp_path, monkeypatch):
    (tmp_path / "tars").mkdir()
    for number, name in enumerate(("a.tar", "b.tar")):
        write_tar(tmp_path / "tars" / name, {"x.jpg": encode(make_photo(number)), "x.txt": b"a dog"})
    sample, _ = read_shard(
        tmp_path, monkeypatch, {"name": "web", "format": "webdataset", "photos": 2, "tars": "tars"}
    )
    assert len(sample) == 2 and sample["image_id"].is_unique


def test_webdataset_tells_folders_apart(tmp_path):
    (tmp_path / "tars").mkdir()
    files = {f"{folder}/a.{kind}": b"x" for folder in ("./x", "y") for kind in ("jpg", "txt")}
    write_tar(tmp_path / "tars" / "0.tar", files)
    source = {"name": "web", "format": "webdataset", "tars": "tars", "photos": 2}
    items = list(iterate_items(source, range(2), tmp_path))
    assert [(item.key, item.captions) for item in items] == [("0/x/a", ["x"]), ("0/y/a", ["x"])]
