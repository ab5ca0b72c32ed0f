"""The loop: what it learns, that it repeats itself, and that arms differ only where they say so."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tiny_clip import ARMS, RUNTIME, SETTINGS, make_clip, make_pairs
from train_clip import train_clip
from train_final import train_final
from unscene.clip_models import get_normalisation, load_clip
from unscene.pairs import PairError, load_pairs, read_pairs, split_pairs
from unscene.samplers import plan_batches
from unscene.training import (
    TrainingError,
    choose_texts,
    crop_and_flip,
    draw_views,
    make_optimizer,
    train_arm,
)

RUN = {"runtime": RUNTIME, "device": "cpu", "threads": 1, "settings_hash": "0" * 16}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(path of a tiny CLIP, path of the pairs, path of the folds)."""
    folder = tmp_path_factory.mktemp("world")
    return make_clip(folder / "clip"), *make_pairs(folder / "data")


def train(world, path_to_model, arm="paired", fold=0, training_seed=0, **changes):
    settings = {"seed": 7, "arm": ARMS[arm], "train": {"clip": "x", **SETTINGS, **changes}}
    train_clip(world[1], world[2], world[0], path_to_model, arm, fold, training_seed, settings, **RUN)
    return path_to_model


def test_same_inputs_give_the_same_bytes_and_other_seeds_do_not(world, tmp_path):
    one, two = train(world, tmp_path / "one", "paired_rank"), train(world, tmp_path / "two", "paired_rank")
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    other = train(world, tmp_path / "other", "paired_rank", training_seed=1)
    weights = "open_clip_model.safetensors"
    assert (one / weights).read_bytes() != (other / weights).read_bytes()


def test_the_model_folder_tells_how_it_was_made(world, tmp_path):
    folder = train(world, tmp_path / "paired", "paired", fold=1)
    meta = json.loads((folder / "meta.json").read_text())
    assert (meta["arm"], meta["fold"], meta["training_seed"], meta["settings_hash"]) == (
        "paired",
        1,
        0,
        "0" * 16,
    )
    assert meta["samples_seen"] == SETTINGS["steps"] * 2 * SETTINGS["batch_pairs"]
    assert meta["pairs"] == 16 and "torch" in meta["versions"] and len(meta["data_hash"]) == 64
    curve = pd.read_csv(folder / meta["loss_curve"])
    assert curve["step"].tolist() == [1, 2, 3, 4] and curve["loss"].notna().all()
    base, tuned = load_clip(world[0])[0], load_clip(folder)[0]
    assert not torch.equal(base.text_projection, tuned.text_projection)
    assert torch.equal(base.logit_scale, tuned.logit_scale)  # frozen in every arm


def test_the_final_model_is_trained_on_all_pairs(world, tmp_path):
    settings = {"seed": 7, "arm": ARMS["paired"], "train": {"clip": "x", **SETTINGS}}
    train_final(world[1], world[0], tmp_path / "all", "paired", settings, **RUN)
    meta = json.loads((tmp_path / "all/meta.json").read_text())
    assert (meta["pairs"], meta["fold"]) == (24, "all")


def test_long_captions_are_left_out_and_counted(world, tmp_path):
    from unscene.tables import read_table, write_table

    pair = read_table(world[1])
    pair.loc[1, "caption_negated"] = "dog " * 90
    write_table(pair, tmp_path / "pairs.parquet")
    meta = train((world[0], tmp_path / "pairs.parquet", world[2]), tmp_path / "model") / "meta.json"
    assert json.loads(meta.read_text())["pairs_too_long"] == 1


def test_paired_rank_learns_the_pairs_it_trains_on(world):
    model, preprocess, tokenizer = load_clip(world[0])
    pairs = load_pairs(read_pairs(world[1]), preprocess)
    settings = {**SETTINGS, "steps": 30, "batch_pairs": 8, "learning_rate": 3e-3}
    plan = plan_batches(pairs.table["group"].to_numpy(), 30, 8, "paired", 1)
    curve = train_arm(
        model, tokenizer, pairs, plan, ARMS["paired_rank"], settings, (1, 2, 3), get_normalisation(preprocess)
    )
    assert curve["rank"].iloc[-5:].mean() < 0.6 * curve["rank"].iloc[:5].mean()
    assert curve["learning_rate"].iloc[-1] < curve["learning_rate"].max() / 50


def test_a_loss_that_is_not_finite_stops_the_run(world, tmp_path):
    with pytest.raises(TrainingError, match="learning_rate"):
        train(world, tmp_path / "model", learning_rate=1e20)
    assert not list(tmp_path.iterdir())


def test_texts_follow_the_arm():
    text_id = np.arange(30).reshape(10, 3)  # pair p has a = 3p, b = 3p + 1, n = 3p + 2
    first, second, vague = np.array([0, 1]), np.array([2, 3]), np.array([True, False])
    assert choose_texts(text_id, first, second, ARMS["originals"], vague).tolist() == [0, 3, 6, 9]
    assert choose_texts(text_id, first, second, ARMS["random"], vague).tolist() == [0, 3, 7, 11]
    plain = {**ARMS["random"], "texts": "plain"}
    assert choose_texts(text_id, first, second, plain, vague).tolist() == [0, 3, 7, 10]
    assert choose_texts(text_id, first, first, ARMS["paired_rank"], vague).tolist() == [0, 3, 1, 4, 2, 5]


def test_a_pair_shares_its_view_only_within_a_batch():
    paired = draw_views(np.random.default_rng(0), 5, 0.8, True)
    random = draw_views(np.random.default_rng(0), 5, 0.8, False)
    for shared, own in zip(paired, random, strict=True):
        assert np.array_equal(shared[:5], shared[5:])
        assert np.array_equal(shared[:5], own[:5]) and not np.array_equal(own[:5], own[5:])
    assert (paired[0] >= np.sqrt(0.8)).all() and (paired[0] <= 1).all()
    assert (np.abs(paired[1]) <= 1 - paired[0] + 1e-12).all()  # the crop stays inside the photo


def test_views_crop_and_flip_as_they_say():
    pixels = torch.arange(64, dtype=torch.float32).reshape(1, 1, 8, 8).repeat(3, 3, 1, 1)
    one, zero = np.ones(3), np.zeros(3)
    side, x, y = np.array([1, 1, 0.5]), np.array([0, 0, 0.5]), np.array([0, 0, -0.5])
    views = crop_and_flip(pixels, side, x, y, np.array([False, True, False]))
    assert torch.allclose(views[0], pixels[0], atol=1e-4)
    assert torch.allclose(views[1], pixels[1].flip(-1), atol=1e-4)
    # The upper right quarter; on a ramp, bilinear values are those of the ramp at the points looked at.
    points = (np.arange(8) + 0.5) / 2 - 0.5
    ramp = 8 * np.clip(points, 0, 7)[:, None] + np.clip(points + 4, 0, 7)[None, :]
    assert np.allclose(views[2][0].numpy(), ramp, atol=1e-4)
    assert torch.equal(crop_and_flip(pixels, one, zero, zero, zero > 1), views[:1].repeat(3, 1, 1, 1))


def test_the_optimizer_spares_one_dimensional_weights_and_the_schedule_warms_up(world):
    model = load_clip(world[0])[0]
    optimizer, schedule = make_optimizer(
        model, {**SETTINGS, "steps": 100, "warmup_steps": 10, "learning_rate": 1.0}
    )
    decayed, spared = optimizer.param_groups
    assert all(p.ndim > 1 for p in decayed["params"]) and all(p.ndim <= 1 for p in spared["params"])
    assert (decayed["weight_decay"], spared["weight_decay"]) == (SETTINGS["weight_decay"], 0)
    assert (decayed["betas"], decayed["eps"]) == ((0.9, 0.98), 1e-6)
    assert (
        len(decayed["params"]) + len(spared["params"]) == len(list(model.parameters())) - 1
    )  # the temperature
    assert schedule(0) == pytest.approx(0.1) and schedule(10) == 1.0 and schedule(55) == pytest.approx(0.5)


def test_splits_keep_groups_apart_and_bad_tables_are_named(world, tmp_path):
    from unscene.tables import read_table, write_table

    pair = read_pairs(world[1], world[2])
    train_part, test_part = split_pairs(pair, 2)
    assert len(train_part) == 16 and len(test_part) == 8
    assert not set(train_part["group"]) & set(test_part["group"])
    with pytest.raises(PairError, match="fold 9 has no test pairs"):
        split_pairs(pair, 9)
    write_table(read_table(world[1]).head(0), tmp_path / "none.parquet")
    with pytest.raises(PairError, match=r"quality\.thresholds"):
        read_pairs(tmp_path / "none.parquet")
    write_table(read_table(world[2]).head(3), tmp_path / "folds.parquet")
    with pytest.raises(PairError, match="has no fold"):
        read_pairs(world[1], tmp_path / "folds.parquet")


def test_photos_that_changed_are_refused(world):
    preprocess = load_clip(world[0])[1]
    pair = read_pairs(world[1]).head(2).assign(edited_sha256="0" * 64)
    with pytest.raises(ValueError, match="its content changed"):
        load_pairs(pair, preprocess)
    gone = read_pairs(world[1]).head(2).assign(original_path="nowhere.png")
    with pytest.raises(PairError, match=r"nowhere\.png"):
        load_pairs(gone, preprocess)
