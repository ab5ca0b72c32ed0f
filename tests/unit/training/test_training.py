"""The loop: what it learns, that it repeats itself, and what its model folder tells."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tiny_clip import ARMS, PAIRED, SETTINGS, make_training
from training_world import EXTRA_ARMS, WEIGHTS, open_training, train
from unscene.clip.folders import ModelNotes, save_clip
from unscene.clip.models import embed_photos, embed_texts, load_clip
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table
from unscene.training.loop import TrainingError
from unscene.training.train_final import train_final


def test_same_inputs_give_the_same_bytes_and_other_seeds_do_not(world, tmp_path):
    one, two = train(world, tmp_path / "one", "paired_rank"), train(world, tmp_path / "two", "paired_rank")
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    other = train(world, tmp_path / "other", "paired_rank", seed=1)
    assert (one / WEIGHTS).read_bytes() != (other / WEIGHTS).read_bytes()


def test_the_model_folder_tells_how_it_was_made(world, tmp_path):
    folder = train(world, tmp_path / "paired", "paired", fold=1)
    meta = json.loads((folder / "meta.json").read_text())
    assert (meta["arm"], meta["fold"], meta["training_seed"]) == ("paired", 1, 0)
    assert len(meta["settings_hash"]) == 16 and meta["weights_sha256"] == file_sha256(folder / WEIGHTS)
    assert meta["samples_seen"] == SETTINGS["steps"] * 2 * SETTINGS["batch_pairs"]
    assert meta["pairs"] == 16 and "torch" in meta["versions"] and len(meta["data_hash"]) == 64
    curve = pd.read_csv(folder / meta["loss_curve"])
    assert curve["step"].tolist() == [1, 2, 3, 4] and curve["loss"].notna().all()
    assert "learning rate" in (folder / "loss.svg").read_text()
    base, tuned = load_clip(world.clip)[0], load_clip(folder)[0]
    assert not torch.equal(base.text_projection, tuned.text_projection)
    assert torch.equal(base.logit_scale, tuned.logit_scale)  # frozen in every arm


def test_the_final_model_is_trained_on_all_pairs(world, tmp_path):
    train_final(make_training("paired", tmp_path / "all", world.clip, world.inputs))
    meta = json.loads((tmp_path / "all/meta.json").read_text())
    assert (meta["pairs"], meta["fold"]) == (24, "all")


def test_a_saved_model_gives_the_embeddings_that_were_trained(world, tmp_path):
    trainer, reader = open_training(world, ARMS["paired_rank_keep"], SETTINGS)
    trainer.train(reader)
    save_clip(trainer.model, world.clip, tmp_path / "model", ModelNotes({}))
    again, preprocess, tokenizer = load_clip(tmp_path / "model")
    photos = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    texts = ["a dog", "a field with no dog in sight", "no cat"]
    images = np.abs(
        embed_photos(trainer.model, preprocess, photos) - embed_photos(again, preprocess, photos)
    ).max()
    captions = np.abs(
        embed_texts(trainer.model, tokenizer, texts) - embed_texts(again, tokenizer, texts)
    ).max()
    print(f"largest difference after reload: photos {images:.1e}, captions {captions:.1e}")
    assert images == 0 and captions == 0
    config = json.loads((tmp_path / "model/open_clip_config.json").read_text())
    assert config["model_cfg"]["quick_gelu"] is True


def test_long_captions_are_left_out_and_counted(world, tmp_path):
    pair = read_table(world.pairs)
    pair.loc[1, "caption_negated"] = "dog " * 90
    write_table(pair, tmp_path / "pairs.parquet")
    train(world, tmp_path / "model", inputs={"pairs": tmp_path / "pairs.parquet"})
    assert json.loads((tmp_path / "model/meta.json").read_text())["pairs_too_long"] == 1


def test_paired_rank_learns_the_pairs_it_trains_on(world):
    settings = {**SETTINGS, "steps": 30, "batch_pairs": 8, "learning_rate": 3e-3}
    trainer, reader = open_training(world, ARMS["paired_rank"], settings)
    curve = trainer.train(reader)
    assert curve["rank"].iloc[-5:].mean() < 0.6 * curve["rank"].iloc[:5].mean()
    assert curve["learning_rate"].iloc[-1] < curve["learning_rate"].max() / 50


def test_a_loss_that_is_not_finite_stops_the_run(world, tmp_path):
    with pytest.raises(TrainingError, match="learning_rate"):
        train(world, tmp_path / "model", learning_rate=1e20)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", EXTRA_ARMS)
def test_every_arm_trains_and_differs_from_the_base(world, tmp_path, name):
    folder = train(world, tmp_path / name, EXTRA_ARMS[name])
    meta, curve = json.loads((folder / "meta.json").read_text()), pd.read_csv(folder / "loss.csv")
    assert meta["samples_seen"] == 32 and meta["pairs"] == (8 if name == "fraction" else 16)
    assert np.isfinite(curve).all().all() and set(EXTRA_ARMS[name]["loss"]) < set(curve)
    base, tuned = load_clip(world.clip)[0], load_clip(folder)[0]
    assert not torch.equal(base.visual.proj, tuned.visual.proj)
    if "keep" in EXTRA_ARMS[name]["loss"]:
        assert curve["keep"].iloc[0] == pytest.approx(
            0, abs=1e-5
        )  # the first batch is seen by the base itself
        assert curve["keep"].iloc[-1] > 1e-4
    if name == "teacher":
        assert curve["teacher"].iloc[0] == pytest.approx(0, abs=1e-5) and curve["teacher"].iloc[-1] > 0


def test_siglip_wants_weights_with_a_bias(world):
    with pytest.raises(TrainingError, match="logit_bias"):
        open_training(world, {**PAIRED, "loss": {"siglip": 1}}, SETTINGS)
