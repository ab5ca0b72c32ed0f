"""The formulas of the plan, against studies that are drawn from numpy alone."""

import numpy as np
import pytest

from unscene.batchsize import sample_sizes as sizes


def draw_errors(rng, captions, permutations, rounds, wrong=0.02):
    """Draw the mean of right at n minus right at 1, where both err alike."""
    base = rng.random((rounds, captions)) < wrong
    return base.mean() - (rng.random((permutations, captions)) < wrong).mean()


def test_sample_sizes_are_those_of_the_formula():
    """Known ones are of one round and one order; two rounds at n = 1 take three quarters of that."""
    assert sizes.count_captions_needed(0.04, 0.01, rounds=1) == 3426
    assert sizes.count_captions_needed(0.10, 0.01, rounds=1) == 8564
    assert sizes.count_captions_needed(0.04, 0.005, rounds=1) == pytest.approx(13703, abs=1)
    assert sizes.count_captions_needed(0.04, 0.01) == pytest.approx(3426 * 3 / 4, abs=1)
    assert sizes.count_captions_needed(0.04, 0.01, permutations=4) == pytest.approx(3426 * 3 / 8, abs=1)
    assert sizes.get_power(sizes.get_error(3426, 0.04, rounds=1), 0.01) == pytest.approx(0.9, abs=1e-3)
    error = sizes.get_error(1000, 0.04, 7)
    assert sizes.get_power(error, sizes.get_detectable(error)) == pytest.approx(0.9)
    assert sizes.get_power(0.0, 0.01) == 1.0
    assert sizes.count_prompts_needed(0.01) == 299


@pytest.mark.parametrize(("permutations", "rounds"), [(1, 1), (4, 1), (4, 2)])
def test_error_is_that_of_drawn_studies(permutations, rounds):
    """And so is the power: the share of studies whose bound lies above the margin."""
    rng = np.random.default_rng(1)
    found = np.array([draw_errors(rng, 1000, permutations, rounds) for _ in range(4000)])
    error = sizes.get_error(1000, 2 * 0.02 * 0.98, permutations, rounds)
    assert found.std() == pytest.approx(error, rel=0.05)
    passed = (found - 1.645 * error > -0.01).mean()
    assert passed == pytest.approx(sizes.get_power(error, 0.01), abs=0.04)


@pytest.mark.parametrize("size", [5, 20])
def test_error_of_the_decline_is_that_of_drawn_studies(size):
    rng = np.random.default_rng(2)
    place = np.tile(np.arange(size) / (size - 1), 500 // size)
    found = []
    for _ in range(3000):
        base = (rng.random((2, 500)) < 0.05).mean(axis=0)
        change = [base[rng.permutation(500)] - 1.0 * (rng.random(500) < 0.05) for _ in range(3)]
        found.append(np.polyfit(np.tile(place, 3), np.concatenate(change), 1)[0])
    error = sizes.get_decline_error(500, 2 * 0.05 * 0.95, 3, size)
    assert np.std(found) == pytest.approx(error, rel=0.05)


@pytest.mark.parametrize("sensitivity", [1.0, 0.37])
def test_prompts_needed_are_the_fewest_that_find_too_many_shifts(sensitivity):
    """With K prompts, a rate of the margin goes unseen in one study of twenty; with fewer, more often."""
    needed = sizes.count_prompts_needed(0.02, sensitivity)
    unseen = (1 - 0.02 * sensitivity) ** np.array([needed, needed - 1])
    assert unseen[0] <= 0.05 < unseen[1]
    rng = np.random.default_rng(3)
    found = (rng.random((4000, needed)) < 0.02) & (rng.random((4000, needed)) < sensitivity)
    assert (~found.any(axis=1)).mean() == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize(("size", "stated"), [(5, 0.37), (20, 0.87), (100, 0.97)])
def test_sensitivity_is_the_share_of_slipped_prompts_with_three_telling_answers(size, stated):
    """Words are drawn so that neighbours differ with a chance of .85, answers slip behind a random
    place, and those are counted that differ from the answer they stand for.
    """
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(20_000):
        telling = rng.random(size - 1) < 0.85
        found += telling[rng.integers(size - 1) :].sum() >= 3
    assert sizes.get_sensitivity(size) == pytest.approx(found / 20_000, abs=0.012)
    assert sizes.get_sensitivity(size) == pytest.approx(stated, abs=0.01)


def test_shifts_of_two_answers_are_never_found():
    assert sizes.get_sensitivity(3) == 0 and sizes.get_sensitivity(4) > 0.1
    assert sizes.get_sensitivity(30, differ=1.0) == pytest.approx(27 / 29)  # all but those of one or two
