"""Photo groups: the fast search of near hashes against the naive one, and what must not be merged."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unscene.photos import groups
from unscene.photos.groups import (
    choose_key_blocks,
    find_near_pairs,
    join_equal_numbers,
    join_near_hashes,
    label_components,
)
from unscene.photos.images import perceptual_hash


def make_values(count: int, seed: int) -> np.ndarray:
    """Distinct 64-bit values, of which half are another one with up to ten bits turned."""
    rng = np.random.default_rng(seed)
    values = [int(v) for v in rng.integers(0, 2**63, count // 2, dtype=np.uint64)]
    for value in values[:]:
        for bit in rng.choice(64, rng.integers(1, 11), replace=False):
            value ^= 1 << int(bit)
        values.append(value)
    return np.unique(np.array(values, dtype=np.uint64))


def find_naively(values: np.ndarray, distance: int) -> set:
    bits = [int(v) for v in values]
    return {
        (i, j)
        for i in range(len(bits))
        for j in range(i + 1, len(bits))
        if (bits[i] ^ bits[j]).bit_count() <= distance
    }


@pytest.mark.parametrize("distance", [0, 1, 3, 4, 6, 9, 30, 63, 64])
def test_near_pairs_equal_the_naive_ones(distance):
    values = make_values(300, seed=distance)
    found = {
        (min(pair), max(pair))
        for left, right in find_near_pairs(values, distance)
        for pair in zip(left.tolist(), right.tolist(), strict=True)
    }
    naive = find_naively(values, distance)
    assert found == naive
    assert len(naive) > 0 or distance == 0


@pytest.mark.parametrize("agreeing", [1, 2, 3, 4])
def test_every_key_size_finds_the_same(agreeing, monkeypatch):
    values = make_values(200, seed=1)
    monkeypatch.setattr("unscene.photos.groups.choose_key_blocks", lambda count, distance: agreeing)
    found = {
        (min(pair), max(pair))
        for left, right in find_near_pairs(values, 6)
        for pair in zip(left.tolist(), right.tolist(), strict=True)
    }
    assert found == find_naively(values, 6)


def test_more_values_get_longer_keys():
    assert choose_key_blocks(1_000, 6) < choose_key_blocks(3_000_000, 6)


def test_a_hundred_thousand_hashes_are_compared_with_few_others(monkeypatch):
    values, compared, count = make_values(100_000, seed=3), [], np.bitwise_count
    monkeypatch.setattr(groups.np, "bitwise_count", lambda bits: compared.append(len(bits)) or count(bits))
    pairs = sum(len(left) for left, _ in find_near_pairs(values, 6))
    assert pairs > 20_000
    assert pairs < sum(compared) < 50_000_000  # all against all would be five billion comparisons


def test_components_are_named_by_their_first_row():
    edges = [(np.array([4, 1]), np.array([2, 3])), (np.array([3]), np.array([5]))]
    assert label_components(7, edges).tolist() == [0, 1, 2, 1, 2, 1, 6]
    assert label_components(3, []).tolist() == [0, 1, 2]
    assert label_components(0, []).tolist() == []


def test_equal_numbers_join_and_missing_ones_do_not():
    left, right = join_equal_numbers(np.array([7, 0, 5, 7, 0, 0, 7], np.uint64))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 3), (0, 6)]
    assert len(join_equal_numbers(np.zeros(2, np.uint64))[0]) == 0


def group_images(images: list[Image.Image], distance: int) -> list[int]:
    hashes = pd.Series([perceptual_hash(image) for image in images])
    return label_components(len(images), [join_near_hashes(hashes, distance)]).tolist()


def test_flat_pictures_are_not_merged():
    shade = np.linspace(0, 255, 64).astype(np.uint8)
    pictures = [np.full((64, 64, 3), value, np.uint8) for value in (0, 90, 255)]
    pictures += [
        np.repeat(np.repeat(shade[:, None, None], 64, 1), 3, 2),
        np.repeat(np.repeat(shade[None, :, None], 64, 0), 3, 2),
    ]
    assert group_images([Image.fromarray(picture) for picture in pictures], 6) == [0, 1, 2, 3, 4]


def test_a_smaller_copy_is_near_and_another_photo_is_not():
    rng = np.random.default_rng(0)
    photos = [
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize(
            (256, 256), Image.Resampling.BICUBIC
        )
        for _ in range(3)
    ]
    assert group_images([*photos, photos[1].resize((128, 128))], 4) == [0, 1, 2, 1]


def test_missing_hashes_join_nothing():
    left, right = join_near_hashes(pd.Series([None, "", None], dtype=object), 6)
    assert len(left) == len(right) == 0


def test_drawn_scenes_do_not_collapse_into_one_group():
    """The embedded scenes share sixteen kinds of background; photos must still be told apart."""
    from unscene.scenes import compose_scene, render_scene

    images = [Image.fromarray(render_scene(compose_scene(seed=11, index=i)).rgb) for i in range(120)]
    size = pd.Series(group_images(images, 6)).value_counts()
    assert size.iloc[0] <= 3
