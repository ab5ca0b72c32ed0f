"""Checks for shortcuts, on features in which the truth was planted."""

import cv2
import numpy as np
import pandas as pd
import pytest

from unscene.evaluation.shortcuts import (
    describe_pictures,
    measure_shifts,
    measure_wording,
    probe_features,
    probe_pairs,
)


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


def test_a_pair_tells_what_scenes_hide_and_its_probe_sees_only_what_training_pairs():
    """The trace is far below what differs between scenes, and plain beside a pair's own original."""
    rng = np.random.default_rng(3)
    scene = 20 * rng.normal(size=(120, 12))
    edited = scene + 0.1 * rng.normal(size=(120, 12))
    edited[:, 3] += 0.5
    group = np.repeat(np.arange(60), 2)
    assert probe_features(scene, edited, group) < 0.6
    assert probe_pairs(scene, edited, group) > 0.95
    assert probe_pairs(edited, scene, group) > 0.95  # told the other way round as well
    assert abs(probe_pairs(*make_features(0)) - 0.5) < 0.15
    assert np.isnan(probe_pairs(scene, edited, np.arange(120) % 9))


def test_a_pairs_probe_is_never_tested_on_a_photo_group_that_it_saw():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(80), 5)
    mark = rng.normal(size=(80, 100))[group]
    assert abs(probe_pairs(np.zeros_like(mark), mark, group) - 0.5) < 0.2  # 80 coins: 3.6 deviations
    assert probe_pairs(np.zeros_like(mark), mark, np.arange(400)) > 0.95


def draw_textures(count, seed=0):
    return np.random.default_rng(seed).integers(90, 160, (count, 48, 48, 3)).astype(np.uint8)


def save_as_jpeg(pixels):
    encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 15])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    ("change", "at", "rises"),
    [
        (lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 1.5), 0, False),
        (lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 1.5), 1, False),
        (save_as_jpeg, 2, True),
        (lambda pixels: pixels // 2, 3, False),
        (lambda pixels: np.repeat(pixels.mean(2, keepdims=True), 3, 2).astype(np.uint8), 4, False),
        (lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 1.5), 5, False),
    ],
    ids=["sharpness", "noise", "blockiness", "contrast", "saturation", "edges"],
)
def test_each_simple_number_moves_with_what_it_is_named_for(change, at, rises):
    photos = draw_textures(8)
    before = describe_pictures(photos)[:, at]
    after = describe_pictures(np.stack([change(pixels) for pixels in photos]))[:, at]
    assert ((after > before) == rises).all() and (after != before).all()


def test_simple_numbers_of_no_photo_are_no_rows():
    assert describe_pictures(np.zeros((0, 1, 1, 3), np.uint8)).shape == (0, 6)


@pytest.mark.parametrize(("denial", "any_denial"), [(0.3, 0.0), (0.3, 0.2), (0.0, 0.0)])
def test_placebo_tells_what_any_denial_gains_from_what_the_right_one_does(denial, any_denial):
    rng = np.random.default_rng(2)
    absent = np.eye(4)  # the phrase of category k is axis k
    own, named = rng.integers(0, 4, 60), rng.random((60, 4)) < 0.3
    lacks = ~named & (rng.random((60, 4)) < 0.7)  # of the rest nobody knows
    original = rng.normal(size=(60, 4))
    edited = original + any_denial
    edited[np.arange(60), own] += denial
    is_kept = named.copy()
    is_kept[np.arange(60), own] = False
    edited[is_kept] += 5  # what is in the photo says nothing about a placebo, and the other way round
    found = measure_shifts(original, edited, absent, named, lacks, own)
    change = edited - original
    for row, (word, words) in enumerate(zip(own, named, strict=True)):
        free = [z for z in range(4) if z != word and lacks[row, z]]
        kept = [z for z in range(4) if z != word and words[z]]
        of_pair = found.iloc[row]
        assert of_pair["denial_shift"] == pytest.approx(change[row, word])
        for name, objects in (("placebo", free), ("kept", kept)):
            expected = np.mean([change[row, z] for z in objects]) if objects else np.nan
            assert of_pair[f"{name}_shift"] == pytest.approx(expected, nan_ok=True)
        assert of_pair["placebo_excess"] == pytest.approx(
            of_pair["placebo_shift"] - change[row, word] / 2, nan_ok=True
        )
    assert found["placebo_shift"].mean() == pytest.approx(any_denial)
    assert found["kept_shift"].mean() == pytest.approx(5 + any_denial)


def test_no_placebo_without_a_category_that_is_absent():
    everything = np.ones((3, 2), bool), np.zeros((3, 2), bool), np.zeros(3, int)
    found = measure_shifts(np.zeros((3, 2)), np.ones((3, 2)), np.eye(2), *everything)
    assert (found["denial_shift"] == 1).all() and (found["kept_shift"] == 1).all()
    assert found["placebo_shift"].isna().all() and found["placebo_excess"].isna().all()


def test_wording_is_lost_where_a_true_denial_alone_prefers_the_edit():
    original, edited = np.array([[1.0, 0]] * 4), np.array([[0.0, 1]] * 4)
    towards_original, towards_edit = [1.0, 0], [0.0, 1]
    present = np.array([towards_original, towards_original, towards_edit, towards_original])
    true = np.array([[0.9, 0.1], towards_edit, towards_original, towards_original])
    found = measure_wording(original, edited, present, true)
    assert found["wording_loss"].tolist()[:3] == [0, 1, -1] and found["true_negation"].tolist()[:3] == [
        True,
        False,
        True,
    ]
    assert np.isnan(found["wording_loss"][3]) and found["true_negation"][3] is pd.NA  # nothing was denied
