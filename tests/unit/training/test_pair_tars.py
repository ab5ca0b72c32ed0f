"""Pairs as tars: what is exported comes back, and a stream trains as the cache does."""

import io
import json
import tarfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tiny_clip import ARMS, SETTINGS, make_clip, make_pairs, make_training
from unscene.clip.models import load_clip
from unscene.machine.job import Job
from unscene.training.batches import Reading
from unscene.training.columns import TARRED
from unscene.training.exporting import export_pairs
from unscene.training.objectives import list_texts
from unscene.training.pair_tars import TarReader, find_samples, hash_samples, write_tars
from unscene.training.pairs import CAPTIONS, PairError, load_pairs, read_pairs
from unscene.training.train_fold import train_clip
from unscene.training.trainings import Training
from unscene.training.workers import Workers
from unscene.words.coco80 import COCO80

ARM = ARMS["paired_rank_keep"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(path of a tiny CLIP, pairs, folder of three tars, model, preprocess, tokenizer)."""
    folder = tmp_path_factory.mktemp("tars")
    clip, (pairs, _) = make_clip(folder / "clip"), make_pairs(folder / "data", per_group=2)
    loaded = load_clip(clip)
    (folder / "tars").mkdir()
    index = write_tars(read_pairs(pairs), loaded[1], folder / "tars", 7, 2, COCO80, pairs_in_tar=9)
    assert index["tar"].value_counts().tolist() == [9, 9, 6]
    TARRED.write(index, folder / "tars.parquet")
    return clip, pairs, folder / "tars", *loaded


def open_reader(world, wanted=None, batch_pairs=4, **process):
    model, _, tokenizer = world[3:]
    wanted = set(read_pairs(world[1])["edit_id"]) if wanted is None else wanted
    settings = {**SETTINGS, "batch_pairs": batch_pairs}
    reading = Reading.of(
        model,
        tokenizer,
        Training("main", ARM, settings, (7, 0, 0)),
        list_texts(ARM["loss"]),
        Workers(**process),
    )
    return TarReader(world[2], find_samples(world[2].with_suffix(".parquet"), wanted), reading)


def test_every_pair_is_one_sample_with_its_photos_and_captions(world):
    pair = read_pairs(world[1])
    photos = load_pairs(pair, world[4])
    found = {}
    for path in sorted(world[2].glob("*.tar")):
        with tarfile.open(path) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar}
        for name in (name for name in members if name.endswith(".json")):
            found[name.removesuffix(".json")] = (
                json.loads(members[name]),
                members,
                name.removesuffix(".json"),
            )
    assert set(found) == set(pair["edit_id"])
    for at, row in enumerate(pair.itertuples()):
        told, members, key = found[row.edit_id]
        assert [told[column] for column in CAPTIONS] == [getattr(row, column) for column in CAPTIONS]
        for kind, position in (("original", photos.original_at), ("edited", photos.edited_at)):
            image = np.asarray(Image.open(io.BytesIO(members[f"{key}.{kind}.jpg"])), float)
            assert np.abs(image - photos.photos[position[at]]).mean() < 12  # noise is what JPEG keeps worst


def test_batches_hold_wanted_pairs_and_a_group_once(world):
    pair = read_pairs(world[1])
    wanted = set(pair["edit_id"][:14])
    reader = open_reader(world, wanted)
    texts = [
        json.loads(s["json"])
        for batch, _ in zip(reader._iterate_batches(), range(7), strict=False)
        for s in batch
    ]
    table = pd.DataFrame(texts)
    assert set(table["edit_id"]) == wanted  # two passes of 14 pairs
    assert (table.groupby(np.arange(len(table)) // 4)["group"].nunique() == 4).all()


def test_a_reader_that_starts_later_gives_the_same_batches(world):
    whole, late = open_reader(world), open_reader(world)
    batches = [whole.read(step) for step in range(8)]
    again = late.read(7)
    assert batches[7].photos.equal(again.photos) and batches[7].tokens.equal(again.tokens)
    assert np.array_equal(batches[7].text_key["n"], again.text_key["n"])
    assert not batches[6].photos.equal(again.photos)
    assert again.photos.shape == (2, 4, 32, 32, 3) and len(set(again.text_key["plain"])) == 4


def test_processes_read_different_tars(world):
    parts = [open_reader(world, rank=rank, size=2) for rank in (0, 1)]
    keys = [{key for step in range(6) for key in part.read(step).text_key["plain"]} for part in parts]
    assert keys[0] and keys[1] and not keys[0] & keys[1]
    with pytest.raises(PairError, match="3 tars for runtime.devices=4"):
        open_reader(world, rank=0, size=4)


def test_too_few_groups_are_an_error_that_names_the_key(world):
    with pytest.raises(PairError, match=r"train\.batch_pairs=13"):
        open_reader(world, batch_pairs=13).read(0)


def test_training_reads_the_exported_tars(tmp_path):
    clip, (pairs, folds) = make_clip(tmp_path / "clip"), make_pairs(tmp_path / "data")
    tars = {"folder": tmp_path / "tars", "index": tmp_path / "tars.parquet"}
    config = {"train": {"clip": str(clip)}}
    export_pairs(
        Job(inputs={"pairs": pairs}, outputs=tars, settings={"seed": 7, "words": "coco80"}, config=config)
    )
    assert set(TARRED.read(tars["index"])["edit_id"]) == set(read_pairs(pairs)["edit_id"])
    inputs = {"pairs": pairs, "folds": folds, "index": tars["index"], "leaks": None}
    for name in ("one", "two"):
        train_clip(make_training("paired_rank_keep", tmp_path / name, clip, inputs, reader="tars"))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    assert json.loads((tmp_path / "one/meta.json").read_text())["pairs"] == 16
    with pytest.raises(PairError, match="is not in it"):
        find_samples(tmp_path / "tars.parquet", {"nowhere-dog"})
    samples = find_samples(tmp_path / "tars.parquet", set(read_pairs(pairs)["edit_id"]))
    assert list(samples) == sorted(samples) and hash_samples(samples) != hash_samples({"a": "b"})
    path = next((tmp_path / "tars").glob("*.tar"))
    content = path.read_bytes()
    at = content.index(b"caption_original")
    path.write_bytes(content[:at] + b"k" + content[at + 1 :])
    with pytest.raises(PairError, match="is not what was exported"):
        train_clip(
            make_training("paired_rank_keep", tmp_path / "flipped", clip, inputs, reader="tars", steps=9)
        )
