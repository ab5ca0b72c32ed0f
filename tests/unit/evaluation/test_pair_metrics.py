"""Pair scores, ranks and areas against plain loops; ties are wrong everywhere."""

import numpy as np
import pytest

from unscene.evaluation.pair_metrics import (
    list_phrases,
    rank_matches,
    rank_retrieval,
    score_area,
    score_classes,
    score_pairs,
)


def draw_features(count, seed, dim=6):
    features = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def test_scores_equal_the_definition():
    original, edited, present, negated = (draw_features(200, seed) for seed in range(4))
    score = score_pairs(original, edited, present, negated)
    for row in range(200):
        ia, i_n = original[row] @ present[row], original[row] @ negated[row]
        ja, jn = edited[row] @ present[row], edited[row] @ negated[row]
        text, image = ia > i_n and jn > ja, ia > ja and jn > i_n
        assert score["text_score"][row] == text and score["image_score"][row] == image
        assert score["group_score"][row] == (text and image)
        assert score["presence"][row] == (ia > i_n) and score["absence"][row] == (jn > ja)
    assert 0.05 < score["group_score"].mean() < 0.35  # chance is 1/6


def test_scores_follow_from_the_decomposition():
    score = score_pairs(*(draw_features(300, seed) for seed in range(10, 14)))
    effect, style, trace = score["interaction"], score["text_effect"].abs(), score["image_effect"].abs()
    assert ((effect > style) == score["text_score"]).all()
    assert ((effect > trace) == score["image_score"]).all()


def test_a_model_that_cannot_tell_scores_nothing():
    same = draw_features(5, 0)
    score = score_pairs(same, same, same, same)
    columns = ["text_score", "image_score", "group_score", "presence", "absence"]
    assert not score[columns].to_numpy().any()
    score = score_pairs(draw_features(5, 1), draw_features(5, 2), same, same)  # a and n alike
    assert not score["text_score"].any()
    score = score_pairs(same, same, draw_features(5, 3), draw_features(5, 4))  # I and J alike
    assert not score["image_score"].any()


def test_ranks_equal_the_loop():
    query, gallery = draw_features(30, 0), draw_features(20, 1)
    gallery[7] = gallery[3]
    ids = np.arange(30) % 20
    ranks = rank_matches(query, gallery, ids, np.arange(20))
    cosines = query @ gallery.T
    for row in range(30):
        better = sum(cosines[row, j] >= cosines[row, ids[row]] for j in range(20) if j != ids[row])
        assert ranks[row] == better
    assert (ranks[ids == 3] >= 1).all()  # its twin scores the same: never first


def test_equal_captions_are_one_text():
    photo, text = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)
    text[1] = text[0]
    photo[1] = [0.9, 0.1, 0]
    image_to_text, text_to_image = rank_retrieval(photo, text, np.array(["a dog", "a dog", "a cat"]))
    assert image_to_text.tolist() == [0, 0, 0]
    assert text_to_image.tolist() == [0, 0, 0]
    image_to_text, _ = rank_retrieval(photo, text, np.array(["a dog", "one dog", "a cat"]))
    assert image_to_text.tolist() == [1, 1, 0]  # other words with the same feature: a tie, so wrong


def test_area_equals_the_loop():
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 8, 15), rng.integers(0, 8, 11)
    expected = np.mean([p > n for p in positive for n in negative])
    assert score_area(positive, negative) == pytest.approx(expected)
    assert np.isnan(score_area(positive, np.array([])))
    assert score_area(np.ones(3), np.ones(3)) == 0


def test_classes_with_enough_pairs_get_areas():
    category = np.array(["dog"] * 6 + ["owl"] * 2)
    original, edited = np.tile([1.0, 0.0], (8, 1)), np.tile([0.0, 1.0], (8, 1))
    phrase = {name: (np.array([1.0, 0.0]), np.array([1.0, 0.0])) for name in ("dog", "owl")}
    classes = score_classes(category, original, edited, phrase)
    assert classes.to_dict("records") == [
        {"category": "dog", "presence_auc": 1.0, "absence_auc": 0.0, "n": 6}
    ]


def test_phrases_are_english():
    assert list_phrases("umbrella") == ("a photo with an umbrella", "a photo with no umbrella")
    assert list_phrases("skis")[0] == "a photo with skis"
