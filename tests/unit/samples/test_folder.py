"""A folder of photos with captions beside them."""

import json

import pytest

from unscene.samples.readers import SourceError, count_items, iterate_items

SOURCE = {"name": "own", "format": "folder", "photos": 100, "folder": "my photos"}


def read(folder, item_range=range(100)):
    return {item.key: item for item in iterate_items(SOURCE, item_range, folder)}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my photos" / "sub").mkdir(parents=True)
    return tmp_path / "my photos"


def test_captions_beside_the_photos(folder):
    beside = {
        "a.txt": "\ufeffA dog.\r\nA brown dog.\n",
        "b.json": json.dumps(["One.", "Two."]),
        "c.json": json.dumps({"Caption": "A cat.", "url": "http://c", "license": "CC0", "width": 3}),
        "d.json": json.dumps("Only a text."),
        "sub/a.txt": "Below.",
    }
    for name in ("a.jpg", "b.PNG", "c.jpeg", "d.webp", "sub/a.jpg", "e.jpg", ".hidden.jpg", "notes.pdf"):
        (folder / name).write_bytes(b"")
    for name, text in beside.items():
        (folder / name).write_text(text, encoding="utf-8")
    items = read(folder.parent)
    assert {key: item.captions for key, item in items.items()} == {
        "a": ["A dog.", "A brown dog."],
        "b": ["One.", "Two."],
        "c": ["A cat."],
        "d": ["Only a text."],
        "e": [],
        "sub/a": ["Below."],
    }
    assert items["c"].url == "http://c" and items["c"].licence["license"] == "CC0"
    assert items["sub/a"].path == folder / "sub" / "a.jpg"
    assert count_items(SOURCE, folder.parent) == 6
    assert list(read(folder.parent, range(2, 4))) == ["c", "d"]


def test_photos_of_one_stem_have_keys_of_their_own(folder):
    for name in ("a.jpg", "a.png", "a.txt"):
        (folder / name).write_text("A dog.")
    assert {key: item.captions for key, item in read(folder.parent).items()} == {
        "a.jpg": ["A dog."],
        "a.png": ["A dog."],
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"caf\xe9"),
        ("a.json", b"{"),
        ("a.json", b'{"objects": []}'),
        ("a.json", b"[1]"),
        ("a.json", b"[]"),
    ],
)
def test_what_is_no_caption_is_a_problem_of_its_photo(folder, name, content):
    (folder / "a.jpg").write_bytes(b"")
    (folder / name).write_bytes(content)
    (item,) = read(folder.parent).values()
    assert item.problem[0] == "malformed" and name in item.problem[1]


def test_a_folder_without_photos_stops(folder):
    with pytest.raises(SourceError, match="key folder: .*has no photo .names ending in jpg"):
        read(folder.parent)
