"""Retrieval among untouched photos against plain loops; query arithmetic and the rules that find what a
text denies.
"""

import numpy as np
import pytest

from unscene.evaluation.photo_metrics import rank_captions, summarise_recalls
from unscene.evaluation.query_arithmetic import NEUTRAL, deny_objects, find_denied
from unscene.rewriting.denying import negate
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import PHRASINGS


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
