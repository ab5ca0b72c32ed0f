"""A folder of photos with captions beside them."""

import json
import os

import pytest

from unscene.run.configuration import ConfigError
from unscene.run.lineage import list_folder
from unscene.samples.counting import complete_sources
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
        ("a.txt", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"),
        ("a.txt", b"<!DOCTYPE html><html><title>Sign in</title></html>"),
    ],
)
def test_what_is_no_caption_is_a_problem_of_its_photo(folder, name, content):
    (folder / "a.jpg").write_bytes(b"")
    (folder / name).write_bytes(content)
    (item,) = read(folder.parent).values()
    assert item.problem[0] == "malformed" and name in item.problem[1]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_caption_in_another_encoding_says_the_way_out(folder, encoding):
    (folder / "a.jpg").write_bytes(b"")
    (folder / "a.txt").write_bytes("Un café à côté d'un élève, près d'une fenêtre.".encode(encoding))
    (item,) = read(folder.parent).values()
    assert "a.txt is not UTF-8 text (it looks like" in item.problem[1]
    assert "; save it as UTF-8, or: iconv -f " in item.problem[1] and "Excel" not in item.problem[1]


def test_photos_in_forms_of_phones_and_in_capitals_are_not_passed_over(folder):
    for name in ("a.HEIC", "b.avif", "c.JFIF", "D.JPG"):
        (folder / name).write_bytes(b"x")
    (folder / "D.TXT").write_text("A dog.")
    (folder / "a.JSON").write_text('"A cat."')
    items = read(folder.parent)
    assert {key: item.captions for key, item in items.items()} == {
        "D": ["A dog."],
        "a": ["A cat."],
        "b": [],
        "c": [],
    }


def test_linked_folders_are_looked_into_once(folder, tmp_path):
    far = tmp_path / "far"
    for name in ("near/1.jpg", "far/2.jpg", "far/below/3.jpg"):
        path = (folder if name.startswith("near") else tmp_path) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    links = {folder / "a": far, folder / "b": far, far / "back": folder, folder / "up": tmp_path}
    for link, target in links.items():
        link.symlink_to(target)
    (folder / ".#notes").symlink_to("nobody@nowhere")  # as Emacs leaves beside a file that it edits
    assert list(read(folder.parent)) == ["a/2", "a/below/3", "near/1"]
    before = list_folder.__wrapped__(folder)
    (far / "4.jpg").write_bytes(b"")
    assert list_folder.__wrapped__(folder) != before


def test_a_folder_without_photos_stops(folder):
    with pytest.raises(SourceError, match="key folder: .*has no photo .names ending in jpg"):
        read(folder.parent)


def test_a_folder_below_that_cannot_be_read_stops(folder, monkeypatch):
    """As root reads all, the system's refusal is played."""
    (folder / "a.jpg").write_bytes(b"")
    (folder / "sub" / "b.jpg").write_bytes(b"")
    assert count_items(SOURCE, folder.parent) == 2
    for name in (".Trash-1000", "lost+found"):
        (folder / name).mkdir()
    scandir, refused = os.scandir, [".Trash-1000", "lost+found"]

    def refuse(path):
        if str(path).endswith(tuple(refused)):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert count_items(SOURCE, folder.parent) == 2 and list_folder.__wrapped__(folder)  # not the cache
    refused.append("sub")
    for read_it in (lambda: count_items(SOURCE, folder.parent), lambda: read(folder.parent)):
        with pytest.raises(SourceError, match=r"key folder: .*sub cannot be read \(Permission denied\)"):
            read_it()
    config = {"samples": {"sources": [{key: SOURCE[key] for key in ("name", "format", "folder")}]}, "seed": 1}
    with pytest.raises(ConfigError, match=r"source 'own': .*my photos/sub cannot be read"):
        complete_sources(config, folder.parent)
