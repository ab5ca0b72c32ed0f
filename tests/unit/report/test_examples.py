"""The photos that a report shows: which, how large, and what is said of one that is not there."""

import shutil

import pytest
from PIL import Image

from fake_run import make_lineage, make_run
from report_pages import rebuild, text_of
from unscene.report.examples import MAX_BYTES, THUMBNAIL_PX, choose_examples, make_thumbnail
from unscene.run.tables import read_table, write_table


def test_real_photos_stay_small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lineage = make_lineage()
    lineage["settings"]["report"]["examples"] = 12
    page = rebuild(tmp_path, make_run(tmp_path, photos=14, side=640), lineage)
    assert len(page.encode()) < 6_000_000
    assert "data:image/jpeg" in page


def test_pictures_stop_at_the_byte_limit(run, monkeypatch):
    everything = choose_examples(run, 7, 100)
    assert len(everything["accepted"]) == len(run.pairs)
    assert {e["edit_id"] for e in everything["refused"]} <= set(run.rejected_edits["edit_id"])
    monkeypatch.setattr("unscene.report.examples.MAX_BYTES", 1)
    assert len(choose_examples(run, 7, 100)["accepted"]) == 1
    assert MAX_BYTES < 6_000_000


def test_examples_take_turns_over_categories(run):
    chosen = choose_examples(run, 7, 4)["accepted"]
    assert len({example["category"] for example in chosen}) == 4
    assert [e["edit_id"] for e in chosen] == [e["edit_id"] for e in choose_examples(run, 7, 4)["accepted"]]


def test_missing_photo_is_told_and_changed_edit_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path, photos=6, accept=1.0)
    shutil.rmtree("results/scenes")
    assert "cannot be shown: missing:" in text_of(rebuild(tmp_path, paths))
    edits = read_table(paths["edits"])
    write_table(edits.assign(edited_sha256="0" * 64), paths["edits"])
    with pytest.raises(ValueError, match="its content changed"):
        rebuild(tmp_path, paths)


def test_thumbnails_fit():
    wide = make_thumbnail(Image.new("RGB", (640, 100)))
    assert (wide["width"], wide["height"], wide["lossless"]) == (THUMBNAIL_PX, 40, False)
    assert make_thumbnail(Image.new("RGB", (64, 64)))["lossless"]
