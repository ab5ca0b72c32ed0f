"""The loop: what it learns, that it repeats itself, and that arms differ only where they say so."""

import json
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tiny_clip import (
    ARMS,
    PAIRED,
    RUNTIME,
    SETTINGS,
    make_caches,
    make_clip,
    make_pairs,
    make_shams,
    make_training,
)
from unscene.clip.folders import ModelNotes, save_clip
from unscene.clip.models import embed_photos, embed_texts, get_normalisation, load_clip
from unscene.folds.columns import CLASSES, LEAKS
from unscene.folds.inner_validation import mark_inner
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table
from unscene.training.arms import (
    PhotoPlaces,
    choose_photos,
    choose_texts,
    draw_step,
    draw_views,
    list_true_negations,
    rewrite_captions,
    swap_edits,
    take_fraction,
)
from unscene.training.batches import CacheReader, Reading
from unscene.training.encoding import Encoder, crop_and_flip
from unscene.training.loop import Trainer, TrainingError
from unscene.training.objectives import list_texts
from unscene.training.optimisation import freeze, make_optimizer
from unscene.training.pairs import PairError, read_pairs, split_by_class, split_pairs
from unscene.training.photo_cache import open_cache
from unscene.training.samplers import plan_batches
from unscene.training.train_final import train_final
from unscene.training.train_fold import train_clip
from unscene.training.trainings import Training
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import find_phrasing, hold_out

WEIGHTS = "open_clip_model.safetensors"


@dataclass
class World:
    """A tiny CLIP, pairs with their folds and sham edits, and the inputs of a training on them."""

    clip: Path
    pairs: Path
    folds: Path
    sham: Path
    inputs: dict


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    clip, (pairs, folds) = make_clip(folder / "clip"), make_pairs(folder / "data")
    sham = make_shams(folder / "data", pairs)
    inputs = {"pairs": pairs, "folds": folds, "leaks": write_leaks(folder / "leaks.parquet")}
    return World(clip, pairs, folds, sham, {**inputs, **make_caches(folder / "data", clip, pairs, sham)})


def write_leaks(path, groups=()):
    """Write leaks.parquet: photos of these groups are in an evaluation set."""
    LEAKS.write(
        LEAKS.frame(
            {"group": group, "image_id": "x", "guard": "coco", "reason": "id", "detail": ""}
            for group in groups
        ),
        path,
    )
    return path


def train(world, path_to_model, arm="paired", inputs=None, **changes):
    """Train an arm (a name, or its entry) of the tiny world and return the model folder."""
    train_clip(make_training(arm, path_to_model, world.clip, world.inputs | (inputs or {}), **changes))
    return path_to_model


def open_all(world):
    """Return the training set of all pairs, with their sham edits."""
    cache, pair = world.inputs, read_pairs(world.pairs)
    training_set = open_cache(pair, cache["photos"], cache["index"])
    return training_set.with_shams(read_table(world.sham), cache["sham_photos"], cache["sham_index"])


def open_training(world, arm, settings, runtime=None, seeds=(1, 2, 3)):
    """Return (trainer, reader) on all pairs of the tiny world."""
    model, preprocess, tokenizer = load_clip(world.clip)
    training_set = open_all(world)
    pair = training_set.table
    plan = plan_batches(
        pair["group"].to_numpy(),
        settings["steps"],
        settings["batch_pairs"],
        arm["batches"],
        1,
        pair["category"].to_numpy(),
    )
    training = Training("own", arm, settings, seeds)
    trainer = Trainer(model, training, get_normalisation(preprocess), {**RUNTIME, **(runtime or {})})
    reading = Reading.of(model, tokenizer, training, list_texts(arm["loss"]))
    return trainer, CacheReader(training_set, plan, reading)


def test_same_inputs_give_the_same_bytes_and_other_seeds_do_not(world, tmp_path):
    one, two = train(world, tmp_path / "one", "paired_rank"), train(world, tmp_path / "two", "paired_rank")
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    other = train(world, tmp_path / "other", "paired_rank", seed=1)
    weights = "open_clip_model.safetensors"
    assert (one / weights).read_bytes() != (other / weights).read_bytes()


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


def test_texts_follow_the_arm():
    text_id = np.arange(40).reshape(
        10, 4
    )  # pair p has a = 4p, b = 4p + 1, n = 4p + 2, and 4p + 3 for a with a true negation
    first, second = np.array([0, 1]), np.array([2, 3])
    draws = draw_step((1, 2), 0, 2, 0.9, ARMS["random"])
    draws.vague[:], draws.denied[:] = (0.2, 0.8), (0.1, 0.9)

    def choose(arm, share=0.25):
        texts = choose_texts(arm, text_id, first, second, draws, share)
        return [texts[role].tolist() for role in ("own_first", "own_second", "hard_first", "hard_second")]

    assert choose(ARMS["originals"]) == [[0, 4], [8, 12], [2, 6], [10, 14]]
    assert choose({**ARMS["originals"], "texts": "negated"}) == [[3, 4], [11, 15], [2, 6], [10, 14]]
    assert choose(ARMS["random"]) == [[3, 4], [9, 14], [2, 6], [8, 12]]
    assert choose(ARMS["random"], 0)[0] == [0, 4]
    assert choose({**ARMS["random"], "texts": "plain"}) == [[0, 4], [9, 13], [2, 6], [8, 12]]
    texts = choose_texts(ARMS["paired_rank"], text_id, first, first, draws, 0.25)
    assert [texts[role].tolist() for role in ("a", "b", "n", "plain")] == [[3, 4], [1, 5], [2, 6], [0, 4]]


def test_photos_follow_the_arm():
    places = PhotoPlaces(np.arange(4), np.arange(4) + 10, np.arange(4) + 20)
    draws = draw_step((1, 2), 0, 2, 0.9, ARMS["paired"])
    draws.sham[:] = (0.2, 0.8)
    at = np.array([0, 1]), np.array([2, 3])
    expected = {
        "originals": [[0, 1], [2, 3]],
        "both": [[0, 1], [12, 13]],
        "sham": [[0, 1], [22, 23]],
        "sham_positives": [[20, 1], [12, 13]],
        "swapped": [[0, 1], [12, 13]],
    }
    for images, shown in expected.items():
        assert choose_photos({"images": images}, *at, places, draws).tolist() == shown


def test_swapped_edits_are_each_used_once_and_belong_to_another_group(world):
    pair = read_pairs(world.pairs)
    swapped = swap_edits(pair, 7)
    assert sorted(swapped["edited_path"]) == sorted(pair["edited_path"])
    assert (swapped["edited_path"] != pair["edited_path"]).all()
    source = pair.set_index("edited_path").loc[swapped["edited_path"]].reset_index()
    assert (source["category"] == swapped["category"]).all() and (source["group"] != swapped["group"]).all()
    assert (source["caption_negated"] == swapped["caption_negated"]).all()
    assert (swapped["caption_original"] == pair["caption_original"]).all()


def test_true_negations_deny_what_no_caption_of_the_group_names(world):
    pair = read_pairs(world.pairs)
    pair.loc[0, "caption_original"] = "a dog and a cat on field 0"
    negations = list_true_negations(pair, 7, COCO80)
    assert "car" in negations[0] and negations[0].startswith("a dog and a cat on field 0")
    for row, text in zip(pair.itertuples(), negations, strict=True):
        assert text != row.caption_original and f"no {row.category}" not in text
    alone = pair[pair["category"] == "dog"].reset_index(drop=True)
    assert list_true_negations(alone, 7, COCO80) == alone["caption_original"].tolist()


def test_a_smaller_fraction_is_part_of_a_larger_one(world):
    pair = read_pairs(world.pairs)
    small, large = take_fraction(pair, 0.25, 7), take_fraction(pair, 0.5, 7)
    assert (len(small), len(large), len(take_fraction(pair, 1, 7))) == (6, 12, 24)
    assert set(small["edit_id"]) < set(large["edit_id"])


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
    model = load_clip(world.clip)[0]
    freeze(model, None, False)
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
    pair = read_pairs(world.pairs, world.folds)
    train_part, test_part = split_pairs(pair, 2)
    assert len(train_part) == 16 and len(test_part) == 8
    assert not set(train_part["group"]) & set(test_part["group"])
    with pytest.raises(PairError, match="fold 9 has no test pairs"):
        split_pairs(pair, 9)
    write_table(read_table(world.pairs).head(0), tmp_path / "none.parquet")
    with pytest.raises(PairError, match=r"quality\.thresholds"):
        read_pairs(tmp_path / "none.parquet")
    write_table(read_table(world.folds).head(3), tmp_path / "folds.parquet")
    with pytest.raises(PairError, match="has no fold"):
        read_pairs(world.pairs, tmp_path / "folds.parquet")


def test_the_cache_refuses_photos_that_changed_and_pairs_that_are_not_in_it(world, tmp_path):
    pair, cache = read_pairs(world.pairs).head(2), world.inputs
    with pytest.raises(PairError, match="not in it"):
        open_cache(pair.assign(edited_sha256="0" * 64), cache["photos"], cache["index"])
    for changes, error in (
        ({"edited_sha256": "0" * 64}, "its content changed"),
        ({"original_path": "no.png"}, r"no\.png"),
    ):
        write_table(pair.assign(**changes), tmp_path / "pairs.parquet")
        with pytest.raises(ValueError, match=error):
            make_caches(tmp_path, world.clip, tmp_path / "pairs.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.parquet"]


@pytest.mark.parametrize("what", ["original_path", "edited_path"])
def test_an_edit_of_another_size_is_named(world, tmp_path, what):
    Image.new("RGB", (50, 40)).save(tmp_path / "other.png")
    pair, sham = read_pairs(world.pairs).head(3), read_table(world.sham).head(3)
    for table, name in ((pair, "pairs"), (sham, "sham")):
        table.loc[1, what] = str(tmp_path / "other.png")
        write_table(table, tmp_path / f"{name}.parquet")
    with pytest.raises(PairError, match=f"pair '{pair['edit_id'][1]}'"):
        make_caches(tmp_path, world.clip, tmp_path / "pairs.parquet")
    with pytest.raises(PairError, match=f"pair '{sham['edit_id'][1]}'"):
        make_caches(tmp_path, world.clip, world.pairs, tmp_path / "sham.parquet")


def test_sham_edits_change_nothing_for_arms_that_show_none(world, tmp_path):
    """Their cache is their own: a run with edits.sham has the same photo cache and the same models,
    to the byte.
    """
    for name, sham in (("without", None), ("with", world.sham)):
        (tmp_path / name).mkdir()
        make_caches(tmp_path / name, world.clip, world.pairs, sham)
    for file in ("photos.npy", "photos_index.parquet"):
        assert (tmp_path / "without" / file).read_bytes() == (tmp_path / "with" / file).read_bytes()
    assert len(np.load(tmp_path / "with/sham.npy")) == len(read_table(world.sham))
    without = {key: value for key, value in world.inputs.items() if not key.startswith("sham")}
    for name, inputs in (("one", world.inputs), ("other", without)):
        train_clip(make_training("paired", tmp_path / name, world.clip, inputs))
    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "other" / WEIGHTS).read_bytes()


def test_a_cache_of_no_sham_edits_is_empty(world, tmp_path):
    write_table(read_table(world.sham).head(0), tmp_path / "sham.parquet")
    inputs = make_caches(tmp_path, world.clip, world.pairs, tmp_path / "sham.parquet")
    assert len(np.load(inputs["sham_photos"], mmap_mode="r")) == 0
    with pytest.raises(PairError, match="no pair of this fold has a sham edit"):
        train(world, tmp_path / "model", EXTRA_ARMS["sham"], inputs)


def get_gradients(trainer, reader):
    """Return (loss, gradients by name) of the first batch."""
    loss, _ = trainer.backpropagate(reader.read(0))
    return loss.item(), {n: p.grad.clone() for n, p in trainer.model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    "runtime", [{"chunk_pairs": 3}, {"chunk_pairs": 1}, {"checkpoint_activations": True}]
)
def test_parts_and_checkpoints_give_the_gradient_of_the_whole_batch(world, runtime):
    settings = {**SETTINGS, "batch_pairs": 8, "temperature": "trained"}
    arm = {**PAIRED, "loss": {"mask": 1, "rank": 0.5, "keep": 1, "dpo": 0.1}}
    value, whole = get_gradients(*open_training(world, arm, settings))
    again, parts = get_gradients(*open_training(world, arm, settings, runtime))
    assert again == pytest.approx(value, rel=1e-5)
    assert whole.keys() == parts.keys() and "logit_scale" in whole
    for name, gradient in whole.items():
        scale = gradient.abs().max().clamp(min=1e-6)
        assert (gradient - parts[name]).abs().max() < 2e-4 * scale, name


def test_a_chunk_alone_would_give_another_gradient(world):
    """The test above would not notice a loss that is not over the whole batch, were this one to fail."""
    settings = {**SETTINGS, "batch_pairs": 8}
    whole = get_gradients(*open_training(world, ARMS["paired"], settings))[1]
    small = get_gradients(*open_training(world, ARMS["paired"], {**settings, "batch_pairs": 4}))[1]
    assert (whole["text_projection"] - small["text_projection"]).abs().max() > 1e-3


EXTRA_ARMS = {
    "text_negatives": {**ARMS["originals"], "texts": "negated", "loss": {"negclip": 1}},
    "similar": {**PAIRED, "batches": "similar", "loss": {"infonce": 1}},
    "sham": {**PAIRED, "images": "sham", "loss": {"mask": 1, "rank": 0.5, "keep": 1}},
    "swapped": {**PAIRED, "images": "swapped", "loss": {"mask": 1, "rank": 0.5}},
    "sham_positives": {**PAIRED, "images": "sham_positives", "loss": {"mask": 1}},
    "triplet": {**PAIRED, "loss": {"triplet": 1}},
    "conclip": {**PAIRED, "loss": {"conclip": 1}},
    "preference": {**PAIRED, "loss": {"dpo": 1, "keep": 1}},
    "choice": {**PAIRED, "loss": {"mask": 1, "rank": 0.5, "keep": 1, "mcq": 0.01}},
    "teacher": {**PAIRED, "loss": {"mask": 1, "teacher": 0.005}, "ema_decay": 0.9},
    "fraction": {**PAIRED, "loss": {"infonce": 1}, "fraction": 0.5},
}


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


@pytest.mark.parametrize("tower", ["image", "text"])
def test_a_frozen_tower_stays_as_it_is(world, tmp_path, tower):
    folder = train(world, tmp_path / "model", {**ARMS["paired"], "freeze": tower})
    base, tuned = load_clip(world.clip)[0].state_dict(), load_clip(folder)[0].state_dict()
    changed = {name for name in base if not torch.equal(base[name], tuned[name])}
    assert changed and all(name.startswith("visual.") == (tower == "text") for name in changed)


@pytest.mark.parametrize(
    ("tower", "groups", "trained"),
    [
        ("image", 1, ("visual.proj",)),
        ("image", 2, ("visual.proj", "visual.ln_post.", "visual.transformer.resblocks.1.")),
        ("text", 2, ("text_projection", "ln_final.", "transformer.resblocks.1.")),
    ],
)
def test_only_the_unlocked_layers_of_a_tower_are_trained(world, tmp_path, tower, groups, trained):
    folder = train(world, tmp_path / "model", {**ARMS["paired"], "unlocked": {tower: groups}})
    base, tuned = load_clip(world.clip)[0].state_dict(), load_clip(folder)[0].state_dict()
    changed = {name for name in base if not torch.equal(base[name], tuned[name])}
    of_tower = {name for name in base if name.startswith("visual.") == (tower == "image")} - {"logit_scale"}
    expected = {name for name in of_tower if name.startswith(trained)}
    assert {name for name in changed if name in of_tower} == expected - {"attn_mask"}
    assert changed - of_tower  # the other tower is trained as a whole


def test_whole_views_take_nothing_else_from_the_draws():
    drawn, whole = (draw_step((1, 2), 3, 4, 0.5, ARMS["paired"] | arm) for arm in ({}, {"views": "whole"}))
    side, x, y, flip = whole.views
    assert (side == 1).all() and not (x.any() or y.any() or flip.any())
    assert [view.shape for view in whole.views] == [view.shape for view in drawn.views]
    for name in ("vague", "denied", "sham"):
        assert np.array_equal(getattr(drawn, name), getattr(whole, name))


def test_cached_features_of_a_frozen_tower_give_the_training_on_photos(world, tmp_path, monkeypatch):
    """On the photos themselves, whole, the model ends at the same weights: all that is left out is
    repeated work.
    """
    arm = {**PAIRED, "loss": {"mask": 1, "rank": 0.5, "keep": 1}, "freeze": "image", "views": "whole"}
    calls = []

    def count(self, batch, *arguments, take=Encoder.encode_pairs):
        calls.append(batch.photos.shape[2:])
        return take(self, batch, *arguments)

    monkeypatch.setattr(Encoder, "encode_pairs", count)
    cached = train(world, tmp_path / "cached", arm, runtime={"chunk_pairs": 3})
    assert set(calls) == {(32,)}  # features, never pixels
    monkeypatch.setattr("unscene.training.fine_tuning.embed_photos", lambda model, preprocess, photos: photos)
    whole = train(world, tmp_path / "whole", arm)
    assert calls[-1] == (32, 32, 3)
    base, ours, theirs = (load_clip(folder)[0].state_dict() for folder in (world.clip, cached, whole))
    for name, value in ours.items():
        moved = (value - base[name]).abs().max()
        assert (value - theirs[name]).abs().max() <= 0.02 * moved + 1e-6, name
    curves = [pd.read_csv(folder / "loss.csv") for folder in (cached, whole)]
    assert np.allclose(curves[0], curves[1], rtol=1e-3, atol=1e-5)
    metas = [json.loads((folder / "meta.json").read_text()) for folder in (cached, whole)]
    assert (
        metas[0]["samples_seen"] == metas[1]["samples_seen"]
        and metas[0]["data_hash"] == metas[1]["data_hash"]
    )


def test_of_the_cache_only_what_the_pairs_show_is_embedded(world, tmp_path, monkeypatch):
    whole = open_all(world)
    part = slice(5, 9)
    places = PhotoPlaces(**{name: rows[part] for name, rows in vars(whole.at).items()})
    training_set = replace(whole, table=whole.table[part], at=places)
    embedded = training_set.embed(lambda photos: photos.reshape(len(photos), -1)[:, :7])
    assert len(embedded.photos) == 3 * len(training_set) < len(training_set.photos)
    for name, rows in vars(embedded.at).items():
        shown = training_set.photos[getattr(places, name)].reshape(len(training_set), -1)[:, :7]
        assert np.array_equal(embedded.photos[rows], shown), name
    assert embedded.get_data_hash() == training_set.get_data_hash()
    counts = []

    def count(model, preprocess, photos):
        counts.append(len(photos))
        return embed_photos(model, preprocess, photos)

    monkeypatch.setattr("unscene.training.fine_tuning.embed_photos", count)
    folder = train(
        world, tmp_path / "model", {**PAIRED, "loss": {"mask": 1}, "freeze": "image", "views": "whole"}
    )
    assert sum(counts) == 2 * json.loads((folder / "meta.json").read_text())["pairs"]


def test_of_unfiltered_pairs_nothing_held_out_is_trained_on(tmp_path, monkeypatch):
    """Held out: a fold of photos or of categories, the inner validation, photos of evaluation sets."""
    _, path_to_folds = make_pairs(tmp_path, 48, per_group=2)
    pair = read_pairs(tmp_path / "pairs.parquet", path_to_folds)
    groups, seen = pd.unique(pair["group"]), []
    held_out = set(pair.loc[pair["fold"] == 0, "group"])
    with_cat = set(pair.loc[pair["category"] == "cat", "group"])
    inner = set(groups[mark_inner(groups, 0.3, 7)])
    leaked = set(sorted(set(groups) - held_out - with_cat - inner)[:2])
    classes = pd.DataFrame({"category": ["cat", "car", "dog"], "fold": [0, 1, 2], "edits": 16})
    CLASSES.write(classes, tmp_path / "classes.parquet")
    inputs = {
        "pairs": tmp_path / "pairs.parquet",
        "folds": path_to_folds,
        "leaks": write_leaks(tmp_path / "leaks.parquet", sorted(leaked)),
        "photos": tmp_path / "photos.npy",
        "index": tmp_path / "photos.parquet",
    }
    arm = {**PAIRED, "pairs": "unfiltered"}
    for module in ("train_fold", "train_final"):
        monkeypatch.setattr(
            f"unscene.training.{module}.run_workers",
            lambda work, arguments, _: seen.append(arguments["pair"]),
        )

    def job(inner_share=0.3, **more):
        return make_training(arm, tmp_path / "model", tmp_path, inputs | more, inner_share=inner_share)

    train_clip(job())
    train_clip(job(classes=tmp_path / "classes.parquet"))
    train_final(job())
    with pytest.raises(PairError, match="lower train.inner_share"):
        train_clip(job(inner_share=1))
    assert len(leaked) == 2 and inner - held_out and inner - with_cat
    for kept_out, trained in zip((held_out | inner, with_cat | inner, set()), seen, strict=True):
        expected = pair[~pair["group"].isin(kept_out | leaked)]
        assert trained["edit_id"].tolist() == expected["edit_id"].tolist() != []


def test_template_captions_replace_what_tells_of_the_edit(world, tmp_path):
    pair = read_pairs(world.pairs)
    told = rewrite_captions(pair, 0.25, 7, COCO80)
    same = [column for column in pair if column not in ("caption_without", "caption_negated")]
    pd.testing.assert_frame_equal(told[same], pair[same])
    assert (told["caption_negated"] != pair["caption_negated"]).all()
    for row in told.itertuples():
        assert row.category not in row.caption_without and row.category in row.caption_negated
        assert find_phrasing(row.caption_negated) not in (None, *hold_out(0.25, 7))
    given, template = (
        train(world, tmp_path / name, {**ARMS["paired"], "captions": name}) for name in ("given", "template")
    )
    hashes = [json.loads((folder / "meta.json").read_text())["data_hash"] for folder in (given, template)]
    assert hashes[0] != hashes[1]


def test_template_captions_name_nothing_that_the_given_ones_know_to_be_gone():
    columns = ["edit_id", "category", "caption_original", "caption_without", "caption_negated"]
    caption = "A nurse holding a phone sits on a bench by a dog."
    rows = [
        ("a", "person", caption, "A bench by a dog.", "No people."),
        ("b", "person", caption, "A dog.", "No people."),
        ("c", "person", caption, "A phone on a bench by a dog.", "No people."),
    ]
    told = rewrite_captions(pd.DataFrame(rows, columns=columns), 0.25, 7, COCO80)
    assert told["caption_without"].tolist() == [
        "A bench by a dog.",
        "A dog.",
        "A phone and a bench by a dog.",
    ]


def test_bfloat16_stays_near_float32(world):
    if not torch.cpu.get_capabilities().get("avx512_bf16"):
        pytest.skip("this CPU has no instructions for bfloat16")
    settings = {**SETTINGS, "batch_pairs": 8}
    trainer, reader = open_training(world, ARMS["paired_rank"], settings, {"precision": "bfloat16"})
    exact, whole = get_gradients(*open_training(world, ARMS["paired_rank"], settings))
    value, rough = get_gradients(trainer, reader)
    assert trainer.precision == "bfloat16" and value != exact and value == pytest.approx(exact, rel=0.05)
    one, other = (torch.cat([gradient.ravel() for gradient in part.values()]) for part in (whole, rough))
    assert torch.nn.functional.cosine_similarity(one, other, dim=0) > 0.95


def test_a_trained_temperature_moves_and_stays_below_its_bound(world, tmp_path):
    folder = train(world, tmp_path / "model", temperature="trained")
    scale = load_clip(folder)[0].logit_scale.item()
    assert scale != load_clip(world.clip)[0].logit_scale.item() and scale <= np.log(100) + 1e-6


def test_lora_trains_attention_and_mlp_and_merges_exactly(world):
    settings = {**SETTINGS, "learning_rate": 1e-2}
    arm = {**ARMS["paired_rank"], "lora_rank": 4}
    trainer, reader = open_training(world, arm, settings)
    base = load_clip(world.clip)[0].state_dict()
    adapters = {n: p for n, p in trainer.model.named_parameters() if p.requires_grad}
    assert adapters and all("lora_" in name for name in adapters)
    trainer.train(reader)
    for name, parameter in adapters.items():
        assert parameter.abs().max() > 0, name  # B starts at zero: each of them was trained
    merged = trainer.model.state_dict()
    assert merged.keys() == base.keys()
    changed = {name for name in base if not torch.equal(base[name], merged[name])}
    kinds = ("in_proj_weight", "out_proj.weight", "c_fc.weight", "c_proj.weight")
    assert changed == {name for name in base if name.endswith(kinds)}
    update = (
        merged["visual.transformer.resblocks.0.attn.in_proj_weight"]
        - base["visual.transformer.resblocks.0.attn.in_proj_weight"]
    ).double()
    assert (
        torch.linalg.matrix_rank(update, rtol=1e-3) <= 4
    )  # exactly W + BA: no rounding of full rank beside it


def test_lora_leaves_a_frozen_tower_alone(world):
    trainer, _ = open_training(world, {**ARMS["paired"], "lora_rank": 2, "freeze": "image"}, SETTINGS)
    trained = [name for name, p in trainer.model.named_parameters() if p.requires_grad]
    assert trained and not any(name.startswith("visual.") for name in trained)


def test_leave_class_out_keeps_the_categories_and_their_photos_out(world, tmp_path):
    classes = pd.DataFrame({"category": ["cat", "car", "dog"], "fold": [0, 1, 2], "edits": 8})
    CLASSES.write(classes, tmp_path / "classes.parquet")
    pair = read_pairs(world.pairs, world.folds)
    pair.loc[pair["edit_id"] == "s_000-dog", "group"] = "g001"  # shares its photos with a cat
    part, test = split_by_class(pair, tmp_path / "classes.parquet", 0)
    assert set(test["category"]) == {"cat"} and set(part["category"]) == {"car", "dog"}
    assert "s_000-dog" not in set(part["edit_id"]) and len(part) == 15
    meta = json.loads(
        (
            train(world, tmp_path / "m", inputs={"classes": tmp_path / "classes.parquet"}) / "meta.json"
        ).read_text()
    )
    assert (meta["fold"], meta["pairs"]) == ("class0", 16)


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
