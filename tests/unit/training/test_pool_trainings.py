"""Trainings with a pool, from their pairs to the saved weights."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from pooled_world import ABSENCE, LOSS, WORDS, read_weights, train
from tiny_clip import SETTINGS
from unscene.clip.models import load_clip
from unscene.folds.columns import CLASSES
from unscene.training.pools import open_pool
from unscene.training.trainings import Training
from unscene.words.coco80 import COCO80


def test_a_late_term_moves_nothing_before_it_comes_in(pool_world, tmp_path):
    late = ABSENCE | {"late": {"across_query": 0.5}}
    never = ABSENCE | {"loss": {name: weight for name, weight in LOSS.items() if name != "across_query"}}
    curves = {
        name: pd.read_csv(train(pool_world, tmp_path / name, arm) / "loss.csv", index_col="step")
        for name, arm in (("late", late), ("never", never), ("always", ABSENCE))
    }
    half = SETTINGS["steps"] // 2
    assert curves["late"]["across_query"].isna().tolist() == [True] * half + [False] * half
    for column in ("loss", "gradient_norm"):
        at = {name: curve[column].to_numpy() for name, curve in curves.items()}
        assert at["late"][:half] == pytest.approx(at["never"][:half], rel=1e-5)
        assert at["late"][half] != pytest.approx(at["never"][half], rel=1e-3)
        assert at["late"][0] != pytest.approx(at["always"][0], rel=1e-3)


@pytest.mark.parametrize(
    ("steps", "share", "first"), [(1, 0.5, 0), (2, 0.6, 1), (10, 0.99, 9), (100, 0.29, 29), (2600, 0.6, 1560)]
)
def test_a_late_term_has_the_last_step_at_least(steps, share, first):
    arm = ABSENCE | {"late": {"across_query": share}}
    starts = Training("own", arm, SETTINGS | {"steps": steps}, (7, 0, 0)).starts
    assert starts == dict.fromkeys(LOSS, 0) | {"across_query": first}


def test_a_training_with_a_pool_repeats_itself_and_leaves_the_image_tower(pool_world, tmp_path):
    first, second = (train(pool_world, tmp_path / name) for name in "ab")
    ours, again, base = read_weights(first), read_weights(second), load_clip(pool_world[0])[0].state_dict()
    assert all(torch.equal(ours[name], again[name]) for name in ours)
    moved = {name for name in ours if not torch.equal(ours[name], base[name])}
    assert moved and not any(name.startswith("visual.") for name in moved)
    meta = json.loads((first / "meta.json").read_text())
    assert meta["denied"] == COCO80.sort(WORDS)
    assert meta["pool_photos"] == 30 and meta["samples_seen"] == 4 * (2 * 4 + 8)
    curve = pd.read_csv(first / "loss.csv")
    assert {*LOSS, "loss"} <= set(curve) and np.isfinite(curve).all().all()


def test_parts_of_a_batch_give_the_update_of_the_whole(pool_world, tmp_path):
    whole, parts = (
        read_weights(train(pool_world, tmp_path / str(chunk), runtime={"chunk_pairs": chunk}))
        for chunk in (0, 3)
    )
    base = load_clip(pool_world[0])[0].state_dict()
    for name, value in whole.items():
        moved = (value - base[name]).abs().max()
        assert (value - parts[name]).abs().max() <= 0.02 * moved + 1e-6, name


def test_cached_features_of_the_pool_are_those_of_its_photos(pool_world, tmp_path):
    """With the image tower frozen and photos whole, the array of photos gives the training that the
    array of features gives.
    """
    clip, inputs, photos = pool_world
    cached = read_weights(train(pool_world, tmp_path / "cached"))
    whole = read_weights(train(pool_world, tmp_path / "whole", inputs={"pool_photos": photos}))
    base = load_clip(clip)[0].state_dict()
    for name, value in cached.items():
        moved = (value - base[name]).abs().max()
        assert (value - whole[name]).abs().max() <= 0.02 * moved + 1e-6, name


def test_a_killed_training_goes_on_to_the_same_bytes(pool_world, tmp_path, monkeypatch):
    from unscene.training.loop import Trainer

    monkeypatch.chdir(tmp_path)
    folder = "results/models/own/fold0/seed0"
    whole = train(pool_world, tmp_path / "whole")
    take = Trainer.take_step

    def die(self, batch, step):
        if step == 2:
            raise KeyboardInterrupt
        return take(self, batch, step)

    monkeypatch.setattr(Trainer, "take_step", die)
    from pathlib import Path

    with pytest.raises(KeyboardInterrupt):
        train(pool_world, Path(folder), runtime={"save_seconds": 0})
    assert list((tmp_path / "state/train").rglob("*.pt"))
    steps = []

    def count(self, batch, step):
        steps.append(step)
        return take(self, batch, step)

    monkeypatch.setattr(Trainer, "take_step", count)
    train(pool_world, Path(folder), runtime={"save_seconds": 0})
    assert steps == [2, 3]
    ours, theirs = read_weights(folder), read_weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_saved_model_lies_alpha_of_the_way(pool_world, tmp_path):
    tuned = read_weights(train(pool_world, tmp_path / "tuned"))
    half = read_weights(train(pool_world, tmp_path / "half", ABSENCE | {"alpha": 0.5}))
    base = load_clip(pool_world[0])[0].state_dict()
    for name, value in half.items():
        assert torch.allclose(value, (base[name] + tuned[name]) / 2, atol=1e-6), name


def test_alpha_goes_with_adapters(pool_world, tmp_path):
    arm = ABSENCE | {"alpha": 0.5, "lora_rank": 2}
    base = load_clip(pool_world[0])[0].state_dict()
    half = read_weights(train(pool_world, tmp_path / "half", arm))
    assert set(half) <= set(base)


def test_a_teacher_with_nothing_left_to_teach_trains_on(pool_world, tmp_path, monkeypatch):
    monkeypatch.setattr("unscene.training.pool_batches.list_taught", lambda *_: [])
    arm = ABSENCE | {"loss": ABSENCE["loss"] | {"text_teacher": 1}}
    curve = pd.read_csv(train(pool_world, tmp_path / "model", arm) / "loss.csv")
    assert (curve["text_teacher"] == 0).all() and (curve["across_bare"] > 0).all()


def test_an_arm_has_its_own_steps(pool_world, tmp_path):
    folder = train(pool_world, tmp_path / "own", ABSENCE | {"steps": 2, "learning_rate": 1e-4})
    curve = pd.read_csv(folder / "loss.csv")
    assert len(curve) == 2 and json.loads((folder / "meta.json").read_text())["steps"] == 2
    assert curve["learning_rate"].max() <= 1e-4


def test_a_fold_of_categories_withholds_their_labels(pool_world, tmp_path, monkeypatch):
    seen = []

    def note(files, training, tokenizer, original=open_pool):
        seen.append(training.withheld)
        return original(files, training, tokenizer)

    monkeypatch.setattr("unscene.training.fine_tuning.open_pool", note)
    classes = tmp_path / "classes.parquet"
    rows = [{"category": word, "edits": 8, "fold": fold} for fold, word in enumerate(WORDS)]
    CLASSES.write(CLASSES.frame(rows), classes)
    train(pool_world, tmp_path / "own", inputs={"classes": classes}, fold=1)
    assert seen == [frozenset({"cat"})]


def test_an_arm_withholds_words_from_pairs_and_labels(pool_world, tmp_path):
    folder = train(pool_world, tmp_path / "own", ABSENCE | {"withheld": ["cat"]})
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["denied"] == COCO80.sort({"dog", "car"})
    whole = json.loads((train(pool_world, tmp_path / "whole") / "meta.json").read_text())
    assert meta["pairs"] < whole["pairs"]


@pytest.mark.parametrize("loss", [{"infonce": 1}, {"pool_keep": 1}])
def test_what_tells_of_no_absence_denies_nothing(pool_world, tmp_path, loss):
    plain = {"images": "originals", "texts": "plain", "batches": "random", "loss": loss}
    arm = plain | ({"pool": 8} if "pool_keep" in loss else {})
    meta = json.loads((train(pool_world, tmp_path / "own", arm) / "meta.json").read_text())
    assert meta["denied"] == []
