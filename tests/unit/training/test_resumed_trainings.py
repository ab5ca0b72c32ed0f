"""A training that was interrupted, or that runs on two devices, ends where a plain one does."""

import json
import signal

import numpy as np
import pandas as pd
import pytest

from tiny_clip import ARMS, PAIRED
from training_world import EXTRA_ARMS, WEIGHTS, train
from unscene.clip.models import load_clip
from unscene.training.loop import Trainer


def stop_after(steps, monkeypatch):
    """Let the training die at its next step after `steps`."""
    taken = []

    def dying(self, batch, step, take=Trainer.take_step):
        if len(taken) == steps:
            raise KeyboardInterrupt
        taken.append(step)
        return take(self, batch, step)

    monkeypatch.setattr(Trainer, "take_step", dying)


@pytest.mark.parametrize("arm", ["paired_rank_keep", "lora", "teacher"])
def test_a_resumed_training_gives_the_bytes_of_an_uninterrupted_one(world, tmp_path, monkeypatch, arm):
    entry = {**EXTRA_ARMS, **ARMS, "lora": {**ARMS["paired"], "lora_rank": 2}}[arm]
    runtime = {"save_seconds": 0}
    whole = train(world, tmp_path / "whole", entry, runtime=runtime)
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            train(world, tmp_path / "killed", entry, runtime=runtime)
    assert (tmp_path / "killed.pt").exists() and not (tmp_path / "killed").exists()
    with monkeypatch.context() as patch:
        stop_after(2, patch)  # two steps are left: a run that began anew would die
        resumed = train(world, tmp_path / "killed", entry, runtime=runtime)
    for path in whole.iterdir():
        assert path.read_bytes() == (resumed / path.name).read_bytes(), path.name
    assert not (tmp_path / "killed.pt").exists()


def test_a_state_of_another_training_is_not_used(world, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            train(world, tmp_path / "model", seed=1, runtime={"save_seconds": 0})
    whole, other = train(world, tmp_path / "whole"), train(world, tmp_path / "model")
    assert (whole / WEIGHTS).read_bytes() == (other / WEIGHTS).read_bytes()
    (tmp_path / "torn.pt").write_bytes(b"half a file")
    assert (train(world, tmp_path / "torn") / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()


def test_two_processes_give_the_weights_of_one(world, tmp_path):
    arm = {**PAIRED, "loss": {"mask": 1, "rank": 0.5, "keep": 1}}
    one = train(world, tmp_path / "one", arm, temperature="trained")
    two = train(world, tmp_path / "two", arm, runtime={"devices": 2}, temperature="trained")
    ours, theirs = load_clip(one)[0].state_dict(), load_clip(two)[0].state_dict()
    base = load_clip(world.clip)[0].state_dict()
    for name, value in ours.items():
        moved = (value - base[name]).abs().max()
        assert (value - theirs[name]).abs().max() <= 0.02 * moved + 1e-6, name
    assert json.loads((two / "meta.json").read_text())["processes"] == 2
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL  # torch's launcher leaves a handler behind
    curves = [pd.read_csv(folder / "loss.csv") for folder in (one, two)]
    assert np.allclose(curves[0], curves[1], rtol=1e-3, atol=1e-5)
