"""A shard that is half done is copied in pieces, and goes on from them on another machine."""

import sys
from pathlib import Path

import pytest

from unscene.machine.scratch import Scratch
from unscene.merging import unfinished
from unscene.merging.pushing import Push
from unscene.merging.unfinished import take_back
from unscene.run.records import name_record

JOB = ("remove_objects", "a-0-of-2")
DIGEST = "0123456789abcdef"


def work(run: Path, keys, digest: str = DIGEST) -> None:
    """Finish items of a shard as a device job does: some with two files, some with none."""
    with Scratch(run / "state/scratch" / JOB[0] / JOB[1], digest) as scratch:
        for key in keys:
            names = [f"{key}.png", f"{key}.mask.png"][: key % 3]
            for name in names:
                (scratch.files / name).write_text(f"{name} of {digest}")
            scratch.record(str(key), {"status": "ok", "seed": key / 7}, names)


def read(run: Path, digest: str = DIGEST) -> dict[str, tuple]:
    """Return what a job would go on from: result and files of each item."""
    with Scratch(run / "state/scratch" / JOB[0] / JOB[1], digest) as scratch:
        told = {path.name: path.read_text() for path in scratch.files.iterdir()}
        return {
            key: (result, {name: told[name] for name in scratch._names[key]})
            for key, result in scratch.results.items()
        }


def list_pieces(copy: Path) -> list[str]:
    return sorted(path.name for path in (copy / "state/scratch").rglob("*") if path.is_file())


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A fresh machine's directory, which is the current one."""
    folder = tmp_path / "there"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_job_goes_on_elsewhere_from_what_was_pushed(tmp_path, there):
    run, copy = tmp_path / "run", tmp_path / "copy"
    push = Push(run, copy)
    for start in (0, 5, 5, 12):
        work(run, range(start, start + 5))
        push.push()
    pieces = list_pieces(copy)
    assert [name.split("-")[1:3] for name in pieces] == [
        ["00000000", "00000005"],
        ["00000005", "00000010"],
        ["00000010", "00000015"],
        ["00000015", "00000020"],
    ]
    push.push()
    assert Push(run, copy).push() == [] and list_pieces(copy) == pieces  # nothing came since
    assert take_back(*JOB, "another", [copy]) == 0 and not (there / "state").exists()
    assert take_back(*JOB, DIGEST, [tmp_path / "none", copy]) == 15
    assert read(there) == read(run) and len(read(run)) == 15
    # It goes on, and its own pieces follow those of the first machine.
    work(there, [30])
    Push(there, copy).push()
    assert set(pieces) < set(list_pieces(copy))
    assert take_back(*JOB, DIGEST, [copy]) == 0  # what is here stays


def test_pieces_are_seldom_and_bounded(tmp_path, monkeypatch):
    run, copy = tmp_path / "run", tmp_path / "copy"
    push, now = Push(run, copy), [1000.0]
    monkeypatch.setattr(unfinished.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(unfinished, "_PIECE_BYTES", 40)
    work(run, range(4))
    counts = []
    for seconds in (0, 100, 19, 1, 60, 60):
        now[0] += seconds
        push.push(is_last=False)
        counts.append(len(list_pieces(copy)))
        work(run, [counts[-1] + 50])
    assert counts[:3] == [0, 0, 0] and counts[3] == counts[4] > 1 and counts[5] > counts[4]
    push.push()
    assert len(list_pieces(copy)) == counts[5] + 1


@pytest.mark.parametrize(("job", "wildcards"), [(JOB, {"shard": JOB[1]}), (("score_controls",) * 2, {})])
def test_a_whole_job_has_no_pieces_in_the_copy_once_its_record_is_there(
    tmp_path, monkeypatch, job, wildcards
):
    monkeypatch.setattr(sys.modules[__name__], "JOB", job)
    run, copy = tmp_path / "run", tmp_path / "copy"
    work(run, range(4))
    push = Push(run, copy)
    push.push()
    with Scratch(run / "state/scratch" / JOB[0] / JOB[1], DIGEST) as scratch:
        scratch.discard()
    push.push()
    assert list_pieces(copy)  # the job has no record: its results are nowhere else
    record = copy / name_record(job[0], wildcards)
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    work(run, [9], digest="f" * 16)  # it is being made anew, with other settings
    push.push()
    assert [name.split("-")[0] for name in list_pieces(copy)] == ["f" * 16]
    with Scratch(run / "state/scratch" / JOB[0] / JOB[1], "f" * 16) as scratch:
        scratch.discard()
    push.push()
    assert list_pieces(copy) == []


@pytest.mark.parametrize("fault", ["flipped", "cut", "lost", "renamed"])
def test_a_damaged_piece_costs_its_own_items_alone(tmp_path, there, fault):
    run, copy = tmp_path / "run", tmp_path / "copy"
    push = Push(run, copy)
    for start in (0, 5, 10):
        work(run, range(start, start + 5))
        push.push()
    piece = sorted((copy / "state/scratch").rglob("*.tar"))[1]
    content = bytearray(piece.read_bytes())
    if fault == "flipped":
        content[len(content) // 2] ^= 4
        piece.write_bytes(content)
    elif fault == "cut":
        piece.write_bytes(content[:700])
    elif fault == "lost":
        piece.unlink()
    else:
        piece.rename(piece.with_name(piece.name.replace(DIGEST, "e" * 16)))
    assert take_back(*JOB, DIGEST, [copy]) == 10
    kept = {key: value for key, value in read(run).items() if not 5 <= int(key) < 10}
    assert read(there) == kept


def test_a_file_that_is_gone_stops_no_push(tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    work(run, range(4))
    next((run / "state/scratch").rglob("2.png")).unlink()  # as when the job ends meanwhile
    assert Push(run, copy).push() == [] and list_pieces(copy) == []
