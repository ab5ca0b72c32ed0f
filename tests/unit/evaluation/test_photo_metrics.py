"""Scores on untouched photos against plain loops; query arithmetic and the rules that find what a
text denies.
"""

import numpy as np
import pytest

from unscene.evaluation.photo_metrics import (
    HELD_OUT_ABSENT,
    MIN_POSITIVES,
    list_class_phrases,
    list_queries,
    rank_captions,
    score_photo_classes,
    score_queries,
    summarise_classes,
    summarise_recalls,
)
from unscene.evaluation.query_arithmetic import NEUTRAL, deny_objects, find_denied
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import PHRASINGS, find_phrasing, is_negated, negate


def draw(count, seed, dim=6):
    features = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def embed(texts):
    """Every text has a direction of its own."""
    return np.concatenate([draw(1, sum(map(ord, text)) + len(text)) for text in texts])


def test_ranks_with_several_captions_equal_the_loop():
    captions = [[f"caption {i} {j}" for j in range(i % 3 + 1)] for i in range(40)]
    captions[7].append("the same words")
    captions[21].append("the same words")
    flat = [text for own in captions for text in own]
    photo, text = draw(40, 0), embed(flat)
    photo[5] = photo[30]  # twins: never first
    image_to_text, text_to_image = rank_captions(photo, text, captions)
    unique = sorted(set(flat))
    of_text = {name: text[flat.index(name)] for name in unique}
    for row in range(40):
        best = max(photo[row] @ of_text[name] for name in captions[row])
        worse = [name for name in unique if name not in captions[row] and photo[row] @ of_text[name] >= best]
        assert image_to_text[row] == len(worse)
    for position, name in enumerate(flat):
        owners = [row for row in range(40) if name in captions[row]]
        best = max(photo[row] @ of_text[name] for row in owners)
        above = [row for row in range(40) if row not in owners and photo[row] @ of_text[name] >= best]
        assert text_to_image[position] == len(above)
    recalls = summarise_recalls(image_to_text, text_to_image)
    assert recalls["image_to_text_recall_at_5"] == pytest.approx((image_to_text < 5).mean())
    assert text_to_image[flat.index("caption 5 0")] >= 1


def test_areas_by_class_equal_the_loop():
    rng = np.random.default_rng(3)
    has, photo = rng.random((60, 3)) < [0.5, 0.3, 0.02], draw(60, 1)
    classes = score_photo_classes(photo, has, ["dog", "cat", "owl"], embed, COCO80)
    assert classes["category"].tolist() == ["dog", "cat"]  # too few owls
    for column, row in enumerate(classes.itertuples()):
        phrases = embed(list_class_phrases(row.category, COCO80))
        yes, no = photo[has[:, column]], photo[~has[:, column]]

        def area(above, below, text):
            return np.mean([a @ text > b @ text for a in above for b in below])

        assert row.presence_auc == pytest.approx(area(yes, no, phrases[0]))
        assert row.absence_auc == pytest.approx(area(no, yes, phrases[1]))
        held_out = [area(no, yes, phrase) for phrase in phrases[2:]]
        assert row.absence_auc_held_out_phrasing == pytest.approx(np.mean(held_out))
        assert row.contrast_auc == pytest.approx(area(yes, no, phrases[0] - phrases[1]), abs=0.002)
        contrast = photo @ (phrases[0] - phrases[1])
        right = [(contrast[has[:, column]] > 0).mean(), (contrast[~has[:, column]] < 0).mean()]
        assert row.balanced_accuracy == pytest.approx(np.mean(right))
        assert (row.n_present, row.n_absent) == (len(yes), len(no))
    assert summarise_classes(classes)["untouched_absence_auc"] == pytest.approx(classes["absence_auc"].mean())


def test_a_blind_model_has_no_area():
    has = np.arange(20)[:, None] % 2 == 0
    classes = score_photo_classes(
        np.ones((20, 4), np.float32) / 2, has, ["dog"], lambda texts: np.ones((len(texts), 4)), COCO80
    )
    assert (
        classes[["presence_auc", "absence_auc", "contrast_auc", "balanced_accuracy"]].iloc[0].tolist()
        == [0] * 4
    )


def test_held_out_phrasings_are_in_no_training_caption():
    for category in COCO80:
        for phrase in list_class_phrases(category, COCO80)[2:]:
            assert is_negated(phrase) and find_phrasing(phrase) is None, phrase
    assert len(HELD_OUT_ABSENT) == 3
    assert list_class_phrases("dog", COCO80)[2:] == [
        "a photo free of dogs",
        "there isn't any dog in this photo",
        "a picture lacking any dog",
    ]
    assert list_class_phrases("skis", COCO80)[3] == "there aren't any skis in this photo"


def test_queries_equal_the_loop():
    rng = np.random.default_rng(5)
    has, photo = rng.random((120, 4)) < [0.6, 0.5, 0.4, 0.02], draw(120, 2)
    names = ["dog", "cat", "car", "bus"]
    expected = []
    for x in range(4):
        for o in range(4):
            alone, both = (has[:, x] & ~has[:, o]).sum(), (has[:, x] & has[:, o]).sum()
            if x != o and alone >= MIN_POSITIVES and both >= 5:
                expected.append((x, o))
    assert list_queries(has, names) == expected and expected
    queries = score_queries(photo, has, names, embed, COCO80)
    for (x, o), row in zip(expected, queries.itertuples(), strict=True):
        cosine = photo @ embed([f"a photo with a {names[x]} but no {names[o]}"])[0]
        order = np.argsort(-cosine, kind="stable")
        hits, precisions = 0, []
        for place, photo_at in enumerate(order, 1):
            if has[photo_at, x] and not has[photo_at, o]:
                hits += 1
                precisions.append(hits / place)
        assert row.average_precision == pytest.approx(np.mean(precisions))
        assert row.violation_at_5 == pytest.approx(np.mean([has[i, o] for i in order[:5]]))
        assert row.wanted_at_10 == pytest.approx(np.mean([has[i, x] and not has[i, o] for i in order[:10]]))


def test_equal_scores_stand_in_the_worst_order():
    has = np.zeros((60, 2), bool)
    has[:30, 0], has[25:45, 1] = True, True
    queries = score_queries(
        np.ones((60, 3)), has, ["dog", "cat"], lambda texts: np.ones((len(texts), 3)), COCO80
    )
    assert queries.iloc[0]["violation_at_10"] == 1 and queries.iloc[0]["wanted_at_10"] == 0
    last = [(i + 1) / (35 + i + 1) for i in range(25)]
    assert queries.iloc[0]["average_precision"] == pytest.approx(np.mean(last))


@pytest.mark.parametrize("phrasing", sorted(PHRASINGS))
def test_denied_objects_are_found_in_every_phrasing(phrasing):
    missed = [
        category
        for category in COCO80
        if category in COCO80.find_words(negate("A quiet street at night", category, phrasing, COCO80))
        and find_denied(negate("A quiet street at night", category, phrasing, COCO80), COCO80) != [category]
    ]
    assert not missed


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("This image features a dog, but not a cat.", ["cat"]),
        ("This image does not feature a car.", ["car"]),
        ("A dog plays in the park.", []),
        ("a photo with a bench but no dog", ["dog"]),
        ("No dogs or cats are here, only a horse.", ["dog", "cat"]),
        ("A man with no shirt rides a bicycle.", []),
        ("There isn't any bus in this photo of a car", ["bus"]),
        ("A kitchen without a microwave has an oven.", ["microwave"]),
        ("a picture lacking any truck", ["truck"]),
        ("A dog is not in the picture, but a cat is.", ["dog"]),
    ],
)
def test_denied_objects_in_other_sentences(text, denied):
    assert find_denied(text, COCO80) == denied


def test_arithmetic_is_its_formula():
    texts = ["a street without a dog", "a dog on a street", "a bench but no cat and no dog"]
    features = embed(texts)
    changed = deny_objects(features, texts, 1.9, embed, COCO80)
    assert (changed[1] == features[1]).all()
    n, neutral = embed(["a photo of a dog"])[0], embed([NEUTRAL])[0]
    expected = features[0] - 1.9 * (features[0] @ n - neutral @ n) * n
    assert changed[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    whole = deny_objects(features, texts, 1.0, embed, COCO80)[0]
    before = features[0] - (features[0] @ n - neutral @ n) * n
    assert whole @ n == pytest.approx(
        (neutral @ n) / np.linalg.norm(before), abs=1e-6
    )  # no more of it than "a photo"
    assert np.linalg.norm(changed, axis=1) == pytest.approx(1, abs=1e-6)
