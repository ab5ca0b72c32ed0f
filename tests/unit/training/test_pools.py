"""What is known of the photos of a pool, and which of them an arm uses."""

import numpy as np
import pytest

from pooled_world import ABSENCE, WORDS, get_pool
from unscene.training.pairs import PairError
from unscene.words.coco80 import COCO80


def test_labels_are_present_absent_or_unknown(pool_world):
    pool, _ = get_pool(pool_world)
    car, dog = COCO80.places["car"], COCO80.places["dog"]
    assert not (pool.present & pool.absent).any()
    unknown = ~pool.present[:, car] & ~pool.absent[:, car]
    assert unknown.any() and (pool.present[:, dog] | pool.absent[:, dog]).all()
    assert {list(COCO80)[place] for place in pool.find_labelled()} == set(WORDS)


def test_labels_of_captions_know_what_is_named_and_nothing_else(pool_world):
    pool, _ = get_pool(pool_world, ABSENCE | {"pool_labels": "captions"})
    assert (pool.present | pool.absent).all()
    named = [{list(COCO80)[place] for place in np.flatnonzero(row)} for row in pool.present]
    assert named == [set(words) for words in pool.table["named"]]
    assert pool.present.sum() < get_pool(pool_world)[0].present.sum()


def test_fewer_photos_are_part_of_more(pool_world):
    chosen = [
        set(get_pool(pool_world, ABSENCE | {"pool_limit": limit})[0].table["image_id"])
        for limit in (8, 16, 25)
    ]
    assert [len(ids) for ids in chosen] == [8, 16, 25]
    assert chosen[0] < chosen[1] < chosen[2]


def test_a_pool_smaller_than_a_batch_says_so(pool_world):
    with pytest.raises(PairError, match="pool: 31 photos a batch, of 30"):
        get_pool(pool_world, ABSENCE | {"pool": 31})
