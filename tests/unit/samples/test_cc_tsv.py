"""Conceptual Captions' TSV as a source: photos by their line or a third column."""

import pytest

from sample_sources import make_photo, read_shard
from unscene.samples.readers.cc_tsv import count_lines


def test_cc_tsv_finds_photos_by_line_or_third_column(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    make_photo(0).save(tmp_path / "images" / "00000000.jpg")
    make_photo(1).save(tmp_path / "images" / "own.png")
    lines = ['\ufeffa "dog\thttp://a/0', "a cat\thttp://a/1\town.png", "", "lost \udcff\thttp://a/3"]
    (tmp_path / "t.tsv").write_bytes("\r\n".join(lines).encode("utf-8", "surrogateescape"))
    source = {"name": "cc", "format": "cc_tsv", "photos": 4, "table": "t.tsv", "images": "images"}
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == ["cc_00000000", "cc_00000001"]
    assert sample["captions"].map(list).tolist() == [['a "dog'], ["a cat"]]
    assert sample["url"].tolist() == ["http://a/0", "http://a/1"]
    assert rejected["reason"].tolist() == ["no_caption", "missing"]


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\nb", 3)])
def test_count_lines(tmp_path, content, lines):
    (tmp_path / "t").write_bytes(content)
    assert count_lines(tmp_path / "t") == lines


@pytest.mark.real
def test_real_cc3m_lines_without_photos_are_rows(real_data, tmp_path, monkeypatch):
    source = {"name": "cc", "format": "cc_tsv", "photos": 2000, "images": str(tmp_path)}
    source["table"] = str(real_data / "text" / "cc3m_validation_head.tsv")
    make_photo().save(tmp_path / "00001007.jpg")
    sample, rejected = read_shard(tmp_path, monkeypatch, source, "cc-1-of-2", shard_size=1000)
    assert sample["source_key"].tolist() == ["00001007"] and len(rejected) == 999
    assert set(rejected["reason"]) == {"missing"}
    assert rejected["source_key"].tolist() == [f"{i:08d}" for i in range(1000, 2000) if i != 1007]
