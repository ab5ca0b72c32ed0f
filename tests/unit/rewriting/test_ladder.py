"""The ladder below the rules: what is written where they leave nothing."""

import pytest

from unscene.rewriting.negation import rewrite_caption
from unscene.words.coco80 import COCO80


@pytest.mark.parametrize(
    ("caption", "category", "wanted", "way"),
    [
        ("How to walk a dog by the fountain.", "dog", "The fountain.", "named"),
        ("images from the girls basketball game .", "person", "Images of a basketball scene.", "scene"),
        ("Two girls are playing badminton on a sunny day.", "person", None, "scene"),
        ("An illustration of an old man.", "person", "An illustration.", "scene"),
        ("A photo of a strawberry cake", "cake", "A photo", "scene"),
        ("A nurse in the snow.", "person", "A scene in the snow.", "grammar"),
        ("A painting of a horse in a meadow.", "horse", "A painting of a meadow.", "grammar"),
    ],
)
def test_only_what_is_left_of_the_sentence_is_the_grammar_s(caption, category, wanted, way):
    found = rewrite_caption(caption, category, COCO80)
    assert found.way == way and wanted in (None, found.text)


@pytest.mark.parametrize(
    ("good", "way", "wanted"),
    [
        ("A bench in a park", "grammar", "A bench in a park."),
        ("A photo of a bench and a park", "things", "A photo of a bench and a park."),
        ("", "words", "A photo of a bench."),
    ],
)
def test_the_ladder_keeps_what_is_known(monkeypatch, good, way, wanted):
    faults = {good: [], "": []}
    monkeypatch.setattr("unscene.rewriting.negation.find_faults", lambda text, *_: faults.get(text, [text]))
    found = rewrite_caption("A dog on a bench in a park.", "dog", COCO80)
    assert (found.way, found.text) == (way, wanted)
