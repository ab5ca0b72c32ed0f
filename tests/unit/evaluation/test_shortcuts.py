"""Checks for shortcuts, on features in which the truth was planted."""

import numpy as np
import pytest

from unscene.evaluation.shortcuts import probe_features, score_placebo


def make_features(trace, count=120, dim=12, seed=0):
    """(features of originals, of edits, photo groups): an edit is its original, another noise, and
    a trace along one axis.
    """
    rng = np.random.default_rng(seed)
    original = rng.normal(size=(count, dim))
    edited = original + 0.1 * rng.normal(size=(count, dim))
    edited[:, 3] += trace
    return original, edited, np.repeat(np.arange(count // 2), 2)


def test_a_probe_finds_the_trace_that_was_planted_and_none_that_was_not():
    assert probe_features(*make_features(6)) > 0.99
    assert abs(probe_features(*make_features(0)) - 0.5) < 0.12
    rising = [probe_features(*make_features(trace)) for trace in (0, 0.7, 2, 6)]
    assert rising == sorted(rising)


def test_a_probe_is_never_tested_on_a_photo_group_that_it_saw():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(20), 6)
    # A group's photos are all alike, and which of its two sides is the edit's is a coin flip of the group.
    scene, side = 10 * rng.normal(size=(20, 30))[group], rng.choice([-1, 1], 20)[group]
    mark = 10 * rng.normal(size=(20, 30))[group] * side[:, None]
    original, edited = scene - mark, scene + mark
    assert probe_features(original, edited, group) < 0.75
    assert probe_features(original, edited, np.arange(120)) > 0.95  # as a careless split would have it


def test_too_few_groups_are_no_measurement():
    original, edited, _ = make_features(6)
    assert np.isnan(probe_features(original, edited, np.arange(120) % 9))


@pytest.mark.parametrize(("denial", "any_denial"), [(0.3, 0.0), (0.3, 0.2), (0.0, 0.0)])
def test_placebo_tells_what_any_denial_gains_from_what_the_right_one_does(denial, any_denial):
    rng = np.random.default_rng(2)
    absent = np.eye(4)  # the phrase of category k is axis k
    own, named = rng.integers(0, 4, 60), rng.random((60, 4)) < 0.3
    original = rng.normal(size=(60, 4))
    edited = original + any_denial
    edited[np.arange(60), own] += denial
    edited[named] += 5  # what is in the photo says nothing about a placebo
    found = score_placebo(original, edited, absent, named, own)
    rows, expected = [], []
    for row in range(60):
        free = [z for z in range(4) if z != own[row] and not named[row, z]]
        rows.append((edited[row] - original[row])[own[row]])
        expected += [np.mean([(edited[row] - original[row])[z] for z in free])] if free else []
    assert found["denial_shift"] == pytest.approx(np.mean(rows))
    assert found["placebo_shift"] == pytest.approx(np.mean(expected)) == pytest.approx(any_denial)


def test_no_placebo_without_a_category_that_is_absent():
    found = score_placebo(
        np.zeros((3, 2)), np.ones((3, 2)), np.eye(2), np.ones((3, 2), bool), np.zeros(3, int)
    )
    assert found["denial_shift"] == 1 and np.isnan(found["placebo_shift"])
