"""Who meets whom in a batch, and that all arms see the same photos equally often."""

from collections import Counter

import numpy as np
import pytest

from unscene.training.pairs import PairError, TooFewPairs
from unscene.training.samplers import plan_batches

CASES = [(40, 1, 8, 17), (40, 1, 20, 6), (60, 2, 8, 31), (33, 3, 4, 9), (100, 1, 16, 3)]


def make_groups(count, per_group):
    return np.array([f"g{index // per_group}" for index in range(count)])


@pytest.mark.parametrize("count, per_group, batch_pairs, steps", CASES)
def test_paired_batches_hold_both_photos_and_one_pair_of_a_group(count, per_group, batch_pairs, steps):
    group = make_groups(count, per_group)
    plan = plan_batches(group, steps, batch_pairs, "paired", seed=1)
    assert plan.first.shape == (steps, batch_pairs)
    assert np.array_equal(plan.first, plan.second)
    for row in plan.first:
        assert len(set(group[row])) == batch_pairs


@pytest.mark.parametrize("count, per_group, batch_pairs, steps", CASES)
def test_random_batches_never_hold_a_partner(count, per_group, batch_pairs, steps):
    group = make_groups(count, per_group)
    plan = plan_batches(group, steps, batch_pairs, "random", seed=1)
    for first, second in zip(plan.first, plan.second, strict=True):
        assert not set(group[first]) & set(group[second])
        assert len(set(group[second])) == batch_pairs


@pytest.mark.parametrize("count, per_group, batch_pairs, steps", CASES)
def test_all_arms_get_the_same_order_and_the_same_photos(count, per_group, batch_pairs, steps):
    group = make_groups(count, per_group)
    paired = plan_batches(group, steps, batch_pairs, "paired", seed=1)
    random = plan_batches(group, steps, batch_pairs, "random", seed=1)
    assert np.array_equal(paired.first, random.first)
    assert Counter(paired.second.ravel()) == Counter(random.second.ravel())
    assert not np.array_equal(paired.second, random.second)


def test_every_pair_comes_once_a_pass():
    plan = plan_batches(make_groups(40, 1), 15, 8, "paired", seed=3)
    assert set(Counter(plan.first.ravel()).values()) == {3}


def test_the_seed_decides_the_order():
    group = make_groups(40, 1)
    one, same, other = (plan_batches(group, 5, 8, "random", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.first, same.first) and np.array_equal(one.second, same.second)
    assert not np.array_equal(one.first, other.first)


def test_too_few_groups_are_an_error_that_names_the_key():
    with pytest.raises(PairError, match="train.batch_pairs"):
        plan_batches(make_groups(14, 2), 3, 8, "paired", seed=1)
    with pytest.raises(TooFewPairs, match="need 16 photo groups"):
        plan_batches(make_groups(15, 1), 3, 8, "random", seed=1)
    with pytest.raises(PairError, match="train.steps"):
        plan_batches(make_groups(40, 1), 1, 8, "random", seed=1)


@pytest.mark.parametrize("count, per_group, batch_pairs, steps", CASES)
def test_similar_batches_hold_the_same_pairs_and_one_pair_of_a_group(count, per_group, batch_pairs, steps):
    group = make_groups(count, per_group)
    category = np.array(["dog", "cat", "car", "bus"])[np.random.default_rng(0).integers(4, size=count)]
    paired = plan_batches(group, steps, batch_pairs, "paired", seed=1)
    similar = plan_batches(group, steps, batch_pairs, "similar", 1, category)
    assert np.array_equal(similar.first, similar.second)
    assert Counter(similar.first.ravel()) == Counter(paired.first.ravel())
    for row in similar.first:
        assert len(set(group[row])) == batch_pairs

    def count_equal(plan):
        return np.mean([max(Counter(category[row]).values()) for row in plan.first])

    assert count_equal(similar) >= count_equal(paired)


def test_similar_batches_are_of_one_category_where_there_are_enough():
    category = np.repeat(["dog", "cat"], 32)
    plan = plan_batches(make_groups(64, 1), 16, 8, "similar", 1, category)
    assert all(len(set(category[row])) == 1 for row in plan.first)
    assert {category[row][0] for row in plan.first[:4]} == {"dog", "cat"}  # not one category after the other


@pytest.mark.parametrize("batches", ["random", "similar"])
def test_photos_are_rearranged_within_about_one_pass(batches):
    """64 pairs in batches of 8: a window is 8 steps. The same photos stay in it, and they move
    about in all of it.
    """
    group, category = make_groups(64, 1), np.array(["dog", "cat"])[np.arange(64) % 2]
    paired = plan_batches(group, 24, 8, "paired", seed=1)
    plan = plan_batches(group, 24, 8, batches, 1, category)
    part = plan.second if batches == "random" else plan.first
    for start in range(0, 24, 8):
        window = slice(start, start + 8)
        assert sorted(part[window].ravel()) == sorted(paired.first[window].ravel())
        for half in (slice(start, start + 4), slice(start + 4, start + 8)):
            assert sorted(part[half].ravel()) != sorted(paired.first[half].ravel())


def test_a_short_last_window_joins_the_one_before_it():
    group = make_groups(64, 1)
    first, random = (plan_batches(group, 19, 8, batches, seed=1) for batches in ("paired", "random"))
    for window in (slice(0, 8), slice(8, 19)):
        assert sorted(random.second[window].ravel()) == sorted(first.first[window].ravel())
    assert sorted(random.second[8:16].ravel()) != sorted(first.first[8:16].ravel())
