"""The caches of photos: what they refuse, what they hold, and what is embedded of them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tiny_clip import PAIRED, make_caches, make_training
from training_world import EXTRA_ARMS, WEIGHTS, open_all, train
from unscene.clip.models import embed_photos, load_clip
from unscene.run.tables import read_table, write_table
from unscene.training.arms import PhotoPlaces
from unscene.training.encoding import Encoder
from unscene.training.pairs import PairError, read_pairs
from unscene.training.photo_cache import open_cache
from unscene.training.train_fold import train_clip


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
