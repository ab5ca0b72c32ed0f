"""The signs that what is left of a caption may be wrong."""

import pytest

from unscene.rewriting.checks.doubts import count_doubts
from unscene.rewriting.negation import remove_object
from unscene.words.coco80 import COCO80

DOUBTS = {
    # (caption, object): (what is left, the signs)
    ("A dog sleeps on a mat.", "dog"): ("A mat.", 0),
    ("Two dogs on a mat near a well.", "dog"): ("A mat near a well.", 1),  # the dogs were near the well
    ("A bowl and a cup on a mat.", "cup"): ("A bowl on a mat.", 1),  # `bowl on` is new
    ("A cup and a bowl on a mat.", "cup"): ("A bowl on a mat.", 0),
    ("A fluffy cat on dirt road.", "cat"): ("Dirt road.", 1),
    ("Benches on a paved deck overlooking a waterway", "bench"): ("A waterway on a paved deck", 2),
    ("A nun naps on a bench in a garden.", "bench"): ("A nun naps in a garden.", 1),
    ("Three nuns with two lamps on a stage.", "person"): ("Two lamps on a stage.", 1),  # the nuns were
    ("Three nuns sit. Two lamps stand on a stage.", "person"): ("Two lamps stand on a stage.", 0),
}


@pytest.mark.parametrize("case", DOUBTS, ids=lambda case: case[0])
def test_what_the_caption_did_not_have_is_doubted(case):
    text, doubts = DOUBTS[case]
    assert remove_object(*case, COCO80) == text
    assert count_doubts(text, *case, COCO80) == doubts


@pytest.mark.parametrize("text", ["...", "\u4f60\u597d", "a", "A"])
def test_texts_that_say_little_are_read(text):
    assert count_doubts(text, "A dog on a mat.", "dog", COCO80) in range(4)


def test_the_article_and_the_case_may_be_new():
    caption = "A dog near red gate"
    assert count_doubts("A red gate", caption, "dog", COCO80) == 0
    assert count_doubts("RED GATE", caption, "dog", COCO80) == 1  # no article


def test_one_of_several_is_the_same_thing():
    assert count_doubts("A goat on a mat.", "A goat and dogs on a mat.", "dog", COCO80) == 1  # joined alone
