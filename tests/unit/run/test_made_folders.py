"""A refused run takes away the folder that it made, and never one in which another run has begun."""

import os
import subprocess
import sys

import pytest

from unscene.run.made_folders import HeldFolder, hold_folder, take_away

# Another run: it holds the folder, says so, and goes on when its input ends.
OTHER = """
import sys
from pathlib import Path
from unscene.run.made_folders import hold_folder
hold_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def make(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")


def test_what_is_written_before_a_config_is_judged_goes_with_the_folders_above(tmp_path):
    held = hold_folder(tmp_path / "runs" / "mine")
    make(tmp_path / "runs" / "mine" / ".snakemake" / "log" / "one.log")
    make(tmp_path / "runs" / "mine" / "state" / "sources.json")
    take_away(held)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["results/plan.json", "state/answers/ledger.sqlite", "notes.txt", ".snakemake/locks/0.input.lock"],
)
def test_a_folder_in_which_another_run_wrote_stays_whole(tmp_path, name):
    held = hold_folder(tmp_path / "runs" / "mine")
    make(tmp_path / "runs" / "mine" / ".snakemake" / "log" / "one.log")
    make(tmp_path / "runs" / "mine" / name)
    take_away(held)
    assert (tmp_path / "runs" / "mine" / name).is_file()
    assert (tmp_path / "runs" / "mine" / ".snakemake" / "log" / "one.log").is_file()


def test_a_run_that_has_just_begun_keeps_its_folder(tmp_path):
    run = tmp_path / "runs" / "mine"
    held = hold_folder(run)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        make(run / ".snakemake" / "log" / "other.log")
        take_away(held)
        assert (run / ".snakemake" / "log" / "other.log").is_file()
        other.communicate()


def test_a_folder_that_stays_keeps_nobody_waiting(tmp_path):
    held = hold_folder(tmp_path / "mine")
    make(tmp_path / "mine" / "notes.txt")
    take_away(held)
    assert hold_folder(tmp_path / "mine").made == ()


def test_a_folder_that_another_run_made_is_not_taken_away(tmp_path):
    first, second = hold_folder(tmp_path / "mine"), hold_folder(tmp_path / "mine")
    os.close(first.handle)  # its process ended
    take_away(second)
    assert first.made and not second.made and (tmp_path / "mine").is_dir()


def test_a_folder_that_goes_while_a_run_waits_for_it_is_made_anew(tmp_path, monkeypatch):
    import fcntl

    flock, gone = fcntl.flock, []

    def lose_it_first(handle, how):
        if not gone:
            gone.append((tmp_path / "mine").rmdir())
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", lose_it_first)
    held = hold_folder(tmp_path / "mine")
    assert gone and os.path.samestat(os.fstat(held.handle), os.stat(tmp_path / "mine"))


def test_folders_above_that_hold_something_else_stay(tmp_path):
    held = hold_folder(tmp_path / "runs" / "mine")
    make(tmp_path / "runs" / "other.txt")
    take_away(held)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["other.txt"]


def test_nothing_is_removed_that_was_there_or_that_no_lock_guards(tmp_path):
    (tmp_path / "mine").mkdir()
    take_away(hold_folder(tmp_path / "mine"))
    take_away(HeldFolder((tmp_path / "mine",), None))
    assert (tmp_path / "mine").is_dir()


def test_a_place_that_can_be_no_folder_is_left_to_snakemake(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("file", "file/below", "link", "x" * 300):
        assert hold_folder(tmp_path / name) == HeldFolder((), None)
