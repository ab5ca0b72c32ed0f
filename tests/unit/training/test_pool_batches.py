"""Batches of the pool: who reads what, and what a text-only teacher tells of."""

import numpy as np
import pytest
import torch

from pooled_world import ABSENCE, WORDS, get_pool
from unscene.clip.models import load_clip
from unscene.training.batches import Reading
from unscene.training.objectives import list_pool_parts
from unscene.training.pool_batches import Directions, PoolReader, list_taught
from unscene.words.coco80 import COCO80


def open_reader(pool_world, rank=0, size=1, arm=ABSENCE):
    pool, training = get_pool(pool_world, arm)
    model, _, tokenizer = load_clip(pool_world[0])
    reading = Reading(training, tokenizer, True, torch.device("cpu"), (), rank, size)
    embed = lambda texts: np.eye(8, dtype=np.float32)[np.arange(len(texts)) % 8]  # noqa: E731
    return PoolReader(pool, reading, list_pool_parts(arm["loss"]), embed)


def test_a_pass_shows_every_photo_at_most_once(pool_world):
    reader = open_reader(pool_world)
    shown = np.concatenate([reader.draw_rows(step) for step in range(3)])
    assert len(set(shown.tolist())) == len(shown) == 24
    assert reader.draw_rows(3).tolist() != reader.draw_rows(0).tolist()


@pytest.mark.parametrize("size", [2, 4])
def test_processes_share_a_batch_and_find_every_text_again(pool_world, size):
    whole = open_reader(pool_world).read(2)
    shares = [open_reader(pool_world, rank, size).read(2) for rank in range(size)]
    assert torch.equal(torch.cat([share.photos for share in shares]), whole.photos)
    assert len({len(share.tokens) for share in shares}) == 1
    length = max(share.tokens.shape[1] for share in shares)
    tokens = torch.cat(
        [torch.nn.functional.pad(share.tokens, (0, length - share.tokens.shape[1])) for share in shares]
    )
    for share in shares:
        assert torch.equal(tokens[torch.from_numpy(share.order)], whole.tokens[torch.from_numpy(whole.order)])
        assert share.told.texts == whole.told.texts


def test_the_teacher_tells_of_what_labels_do_not_cover(pool_world):
    pool, _ = get_pool(pool_world)
    parts = ("bare", "captions", "taught")
    taught = list_taught(pool, parts, ["tree", "zebra"])
    assert set(taught) == set(COCO80) - set(WORDS) | {"tree"} and len(taught) == len(set(taught))
    assert list_taught(pool, ("captions", "taught"), []) == list(COCO80), "no label is read"
    assert "cat" in list_taught(pool.withhold(["cat"]), parts, [])
    assert list_taught(pool, ("bare", "captions"), ["tree"]) == []


def test_directions_are_centred_on_all_nouns():
    features = {"a photo": [1.0, 0, 0], "a photo of a kite": [0, 1.0, 0], "a photo of a dog": [0, 0, 1.0]}
    found = Directions.of(
        ["kite"], ["dog", "kite"], COCO80, lambda texts: np.array([features[t] for t in texts], np.float32)
    )
    assert found.neutral.tolist() == [1, 0, 0]
    assert np.allclose(found.of_noun, [[0, 0.5, -0.5]])
