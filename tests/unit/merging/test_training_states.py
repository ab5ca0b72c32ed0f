"""A training that is cut off goes on on another machine, from the copy of its state, to the same bytes."""

import shutil
from pathlib import Path

import pytest

from tiny_clip import make_caches, make_clip, make_pairs, make_training
from unscene.machine.fold_work import work_on_folds
from unscene.machine.job import Job
from unscene.merging import training_states
from unscene.merging.pushing import Push
from unscene.merging.training_states import take_back_state
from unscene.merging.unfinished import take_back
from unscene.run.records import name_record
from unscene.run.tables import write_json
from unscene.training.loop import Trainer
from unscene.training.state import name_state
from unscene.training.train_fold import train_clip

STEPS = 6
MODELS = [Path(f"results/models/own/fold{fold}/seed0") for fold in range(2)]


class Killed(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A folder with a tiny CLIP, pairs of two folds and their cache."""
    folder = tmp_path_factory.mktemp("world")
    clip, (pairs, _) = make_clip(folder / "clip"), make_pairs(folder, folds=2)
    make_caches(folder, clip, pairs)
    return folder


def enter(world: Path, folder: Path, monkeypatch) -> Path:
    """Make a run's folder with the data, whose times are lost, and step into it."""
    shutil.copytree(world, folder, copy_function=shutil.copyfile)
    monkeypatch.chdir(folder)
    return folder


def make_job() -> Job:
    """Return the job of an arm's two folds, with paths relative to the run's folder."""
    names = {"photos": "photos.npy", "index": "photos_index.parquet"}
    inputs = {"pairs": "pairs.parquet", "folds": "folds.parquet", "leaks": None, **names}
    job = make_training("paired", Path("m"), "clip", inputs, runtime={"save_seconds": 0}, steps=STEPS)
    job.rule, job.wildcards = "train_clip", {"arm": "own", "seed": "0"}
    job.outputs["meta"] = [str(model / "meta.json") for model in MODELS]
    names = ("open_clip_config.json", "open_clip_model.safetensors", "loss.csv", "loss.svg")
    job.outputs |= {name: [str(model / name) for model in MODELS] for name in names}
    job.config = {"train": {"clip": str(Path("clip").absolute())}}
    return job


def train(monkeypatch, die_at: int | None = None) -> int:
    """Train both folds in the current directory; return how many steps that took. die_at: end in the
    middle of this step, and lose the outputs as Snakemake has it.
    """
    taken, step = 0, Trainer.backpropagate

    def count(self, batch, at):
        nonlocal taken
        if taken == die_at:
            raise Killed
        taken += 1
        return step(self, batch, at)

    for model in MODELS:  # as Snakemake does
        model.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "backpropagate", count)
        try:
            work_on_folds(make_job(), train_clip)
        except Killed:
            shutil.rmtree("results", ignore_errors=True)
    return taken


def read_models() -> dict[Path, bytes]:
    return {path: path.read_bytes() for model in MODELS for path in sorted(model.iterdir())}


def list_copied(copy: Path) -> list[Path]:
    return sorted(path.relative_to(copy) for path in (copy / "state/train").rglob("*") if path.is_file())


def test_a_training_that_is_cut_off_goes_on_elsewhere_to_the_same_bytes(world, tmp_path, monkeypatch):
    enter(world, tmp_path / "whole", monkeypatch)
    assert train(monkeypatch) == 2 * STEPS
    expected = read_models()

    run, copy = enter(world, tmp_path / "here", monkeypatch), tmp_path / "copy"
    assert train(monkeypatch, die_at=STEPS + 4) == STEPS + 4  # in the fifth step of the second fold
    Push(run, copy).push()
    job = make_job()
    (state,) = list_copied(copy)
    assert state.parent == Path("state/train/own/fold1") and state.name.startswith(f"seed0-{job.digest}-")

    enter(world, tmp_path / "there", monkeypatch)
    name = name_record(job.rule, job.wildcards).stem
    assert take_back(job.rule, name, job.digest, [copy]) == 1
    taken = [take_back_state(model, job.digest, [tmp_path / "none", copy]) for model in MODELS]
    assert taken == [False, True]
    assert train(monkeypatch) == STEPS - 4  # no step of the first fold, and those that were left
    assert read_models() == expected
    assert not list(Path("state/train").rglob("*.*"))


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    """A made-up state in a run, in whose folder the process stands."""
    path = tmp_path / "run" / name_state(MODELS[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights after 100 steps")
    path.with_suffix(".lineage").write_text("aa11\n")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    return path


def test_a_state_is_taken_back_by_its_own_training_alone_and_only_whole(state, tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    Push(run, copy).push()
    assert not take_back_state(MODELS[0], "bb22", [copy]) and not take_back_state(MODELS[1], "aa11", [copy])
    (copied,) = (copy / "state/train").rglob("*.pt")
    content = copied.read_bytes()
    copied.write_bytes(content[:-1])  # as a transport that was cut off leaves it
    assert not take_back_state(MODELS[0], "aa11", [copy]) and not Path("state").exists()
    copied.write_bytes(content)
    assert take_back_state(MODELS[0], "aa11", [copy])
    assert name_state(MODELS[0]).read_bytes() == content
    name_state(MODELS[0]).write_bytes(b"further on")
    assert not take_back_state(MODELS[0], "aa11", [copy])  # what is here stays
    assert name_state(MODELS[0]).read_bytes() == b"further on"


def test_the_copy_holds_the_last_state_and_gets_it_seldom(state, tmp_path, monkeypatch):
    run, copy, now = tmp_path / "run", tmp_path / "copy", [1000.0]
    monkeypatch.setattr(training_states.time, "monotonic", lambda: now[0])
    push, found = Push(run, copy), []
    for seconds in (0, 200, 100, 100, 200):
        now[0] += seconds
        state.write_bytes(f"weights at {now[0]}".encode())
        push.push(is_last=False)
        found.append([path.read_text() for path in (copy / "state/train").rglob("*.pt")])
    assert found == [[], [], ["weights at 1300.0"], ["weights at 1300.0"], ["weights at 1600.0"]]
    monkeypatch.setattr(training_states, "_BYTES_A_SECOND", 0.01)  # now its 17 bytes are large
    for seconds, expected in ((1600, "weights at 1600.0"), (200, "weights at 3400.0")):
        now[0] += seconds
        state.write_bytes(f"weights at {now[0]}".encode())
        push.push(is_last=False)
        assert [path.read_text() for path in (copy / "state/train").rglob("*.pt")] == [expected]
    state.write_bytes(b"weights at the end")
    push.push()
    assert [path.read_text() for path in (copy / "state/train").rglob("*.pt")] == ["weights at the end"]


def test_the_state_of_a_training_that_has_ended_goes_away(state, tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    push = Push(run, copy)
    push.push()
    state.unlink()
    # Once may be before the job has noted its fold; a machine that never saw the training knows nothing.
    for pushing, left in ((push, 1), (Push(run, copy), 1), (push, 0)):
        pushing.push(is_last=False)
        assert len(list_copied(copy)) == left
    state.write_bytes(b"weights after 100 steps")
    push.push()
    state.unlink()
    write_json({"settings_hash": "of others"}, copy / MODELS[0] / "meta.json")
    Push(run, copy).push()
    assert len(list_copied(copy)) == 1
    write_json({"settings_hash": "aa11"}, copy / MODELS[0] / "meta.json")
    Push(run, copy).push()
    assert not list_copied(copy)
