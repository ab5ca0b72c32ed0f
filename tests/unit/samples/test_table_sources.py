"""Tables of photos and captions as a source, and the licences in their columns."""

import pytest

from sample_sources import make_photo, read_licences, read_shard, write_table_source
from unscene.samples.readers import SourceError, iterate_items


@pytest.mark.parametrize("name", ["photos.csv", "photos.tsv", "photos.parquet"])
def test_table_gathers_the_captions_of_a_path(tmp_path, monkeypatch, name):
    for number in range(3):
        make_photo(number).save(tmp_path / f"{number}.png")
    rows = [
        ("0.png", 'a "dog", \n sitting'),
        ("1.png", "  a  cat "),
        ("0.png", ""),
        ("0.png", "two dogs"),
        ("2.png", "x"),
    ]
    sample, _ = read_shard(tmp_path, monkeypatch, write_table_source(tmp_path, rows, name))
    assert sample["image_id"].tolist() == ["own_0", "own_1", "own_2"]
    assert [list(c) for c in sample["captions"]] == [['a "dog", sitting', "two dogs"], ["a cat"], ["x"]]
    sample, _ = read_shard(
        tmp_path, monkeypatch, write_table_source(tmp_path, rows, name), captions_per_photo=1
    )
    assert [list(c) for c in sample["captions"]] == [['a "dog", sitting'], ["a cat"], ["x"]]


def test_table_keys_stay_unique(tmp_path, monkeypatch):
    names = ["a/1.png", "b/1.png", "1.jpg", "a_1.png", "é 1.png", "é_1.png"]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make_photo(number).save(tmp_path / name)
    sample, _ = read_shard(
        tmp_path, monkeypatch, write_table_source(tmp_path, [(name, "x") for name in names])
    )
    assert len(sample) == len(names) and sample["image_id"].is_unique
    assert sample["image_id"].str.fullmatch("[A-Za-z0-9_]+").all()
    assert sample["image_id"].tolist()[3] == "own_a_1"


def test_table_rows_of_another_width_are_rejected(tmp_path, monkeypatch):
    make_photo().save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("path,caption\na.png,a dog\nb.png\na.png,a,cat\n,nothing\n")
    source = {"name": "own", "format": "table", "photos": 10, "table": "t.csv"}
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert len(sample) == 1
    assert sorted(rejected["reason"]) == ["malformed", "malformed", "no_path"]
    assert rejected["detail"].str.contains("row 3 has 1 columns, not 2").any()


def test_table_errors_name_file_and_key(tmp_path):
    (tmp_path / "t.csv").write_text("photo_no,words\n1,2\n")
    (tmp_path / "t.doc").write_bytes(b"")
    (tmp_path / "l.csv").write_bytes("path,caption\na.png,café\n".encode("latin-1"))
    (tmp_path / "t.xlsx").write_bytes(b"")
    for name, message in {
        "t.csv": "no column path and no column caption .there are: photo_no, words.*columns: .path: NAME",
        "l.csv": "l.csv is not UTF-8 text.*Save As",
        "t.xlsx": "is a spreadsheet; save it as CSV",
        "t.doc": "must end in one of .csv",
        "n.csv": "n.csv is not there .paths in the config are relative to the checkout.$",
        "~/n.csv": "n.csv is not there .*; `~` is not read as your home folder: write that out$",
    }.items():
        source = {"name": "own", "format": "table", "photos": 10, "table": name}
        with pytest.raises(SourceError, match=f"'own', key table.*{message}"):
            list(iterate_items(source, range(10), tmp_path))


@pytest.mark.parametrize("name", ["photos.csv", "photos.parquet"])
def test_licences_come_from_a_tables_columns(tmp_path, monkeypatch, name):
    for number in range(2):
        make_photo(number).save(tmp_path / f"{number}.png")
    rows = [
        ("0.png", "a dog", "", "http://s/0"),
        ("0.png", "a pet", "CC0", "http://s/x"),
        ("1.png", "a cat", "", ""),
    ]
    source = write_table_source(tmp_path, rows, name, ("path", "caption", "license", "source_url"))
    sample, _ = read_shard(tmp_path, monkeypatch, source)
    assert read_licences(sample) == {"0": ("CC0", None, None, "http://s/0"), "1": (None, None, None, None)}
