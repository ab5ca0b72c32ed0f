"""A refused run takes away the folder that was made for it, and nothing that another run put there."""

import pytest

from unscene.run.made_folders import list_absent, take_away


def make(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")


def test_what_is_written_before_a_config_is_judged_goes_with_the_folders_above(tmp_path):
    new = list_absent(tmp_path / "runs" / "mine")
    make(tmp_path / "runs" / "mine" / ".snakemake" / "log" / "one.log")
    make(tmp_path / "runs" / "mine" / "state" / "sources.json")
    take_away(new)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["results/plan.json", "state/answers/ledger.sqlite", "notes.txt", ".snakemake/locks/0.input.lock"],
)
def test_a_folder_in_which_another_run_began_stays_whole(tmp_path, name):
    new = list_absent(tmp_path / "runs" / "mine")
    make(tmp_path / "runs" / "mine" / ".snakemake" / "log" / "one.log")
    make(tmp_path / "runs" / "mine" / name)
    take_away(new)
    assert (tmp_path / "runs" / "mine" / name).is_file()
    assert (tmp_path / "runs" / "mine" / ".snakemake" / "log" / "one.log").is_file()


def test_folders_above_that_hold_something_else_stay(tmp_path):
    new = list_absent(tmp_path / "runs" / "mine")
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    make(tmp_path / "runs" / "other.txt")
    take_away(new)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["other.txt"]


def test_nothing_is_done_for_a_folder_that_was_there_or_was_never_made(tmp_path):
    (tmp_path / "mine").mkdir()
    take_away(list_absent(tmp_path / "mine"))
    take_away(list_absent(tmp_path / "absent"))
    assert (tmp_path / "mine").is_dir()
