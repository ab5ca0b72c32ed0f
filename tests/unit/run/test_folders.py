"""Folders appear whole or not at all."""

import pytest

from unscene.run.folders import remove_left, replaced_folder


def names(path):
    return sorted(entry.name for entry in path.iterdir())


def test_a_folder_takes_the_place_of_the_old_one_whole(tmp_path):
    target = tmp_path / "deep" / "out"
    for name in ("old", "new"):
        with replaced_folder(target) as folder:
            (folder / name).write_text("x")
            assert not target.exists() or names(target) == ["old"]
    assert names(target) == ["new"] and names(target.parent) == ["out"]


def test_a_block_that_fails_changes_nothing(tmp_path):
    target = tmp_path / "out"
    with replaced_folder(target) as folder:
        (folder / "old").write_text("x")
    with pytest.raises(RuntimeError), replaced_folder(target) as folder:
        (folder / "half").write_text("x")
        raise RuntimeError("stopped")
    assert names(target) == ["old"] and names(tmp_path) == ["out"]


def test_what_killed_jobs_left_goes_and_what_belongs_to_others_stays(tmp_path):
    (tmp_path / ".out.0a1b2c3d.tmp").mkdir()
    (tmp_path / ".outer.0a1b2c3d.tmp").mkdir()
    with replaced_folder(tmp_path / "out"):
        pass
    assert names(tmp_path) == [".outer.0a1b2c3d.tmp", "out"]


def test_what_a_killed_job_left_beside_a_file_goes_and_what_others_write_stays(tmp_path):
    for name in (".a.json.0a1b2c3d.tmp", ".a.json.more.0a1b2c3d.tmp", ".a.jsonl.0a1b2c3d.tmp", "a.json"):
        (tmp_path / name).write_text("half")
    remove_left(tmp_path / "a.json")
    assert names(tmp_path) == [".a.json.more.0a1b2c3d.tmp", ".a.jsonl.0a1b2c3d.tmp", "a.json"]
