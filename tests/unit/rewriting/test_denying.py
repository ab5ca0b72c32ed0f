"""Denying: each phrasing fits the scene that it is put to."""

import pytest

from unscene.rewriting import denying
from unscene.rewriting.denying import negate
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import (
    PHRASINGS,
    PLAIN_PHRASINGS,
    explain_phrasing,
    fill_phrasing,
    find_phrasing,
    is_negated,
)

SCENES = ["A wooden floor near the wall.", "A moth is sitting on a wall.", "A wall with a map.", "A photo."]


@pytest.mark.parametrize("scene", SCENES)
def test_every_phrasing_names_and_denies_every_word(scene):
    for word in COCO80:
        for name in PHRASINGS:
            caption = negate(scene, word, name, COCO80)
            found = COCO80.find_words(caption), is_negated(caption), find_phrasing(caption)
            assert found == ([word], True, name), caption


def test_phrasings_read_well():
    assert negate("A bench.", "dog", "without", COCO80) == "A bench without a dog."
    assert negate("A bench.", "person", "there_is_no", COCO80) == "A bench; there are no people."
    assert (
        negate("A TV on a wall.", "umbrella", "photo_without", COCO80)
        == "A photo without an umbrella: a TV on a wall."
    )


def test_where_is_said_of_the_photo_and_never_of_a_thing():
    caption = negate("A heap of flour.", "spoon", "where_no", COCO80)
    assert caption == "A photo where there is no spoon: a heap of flour."


@pytest.mark.parametrize(
    ("scene", "wanted"),
    [
        ("A cat on a mat.", "No dog here, just a cat on a mat."),
        ("A cat is sitting on a mat.", "No dog here, just a cat sitting on a mat."),
        ("A cat sits on a mat.", "No dog here, just a cat sitting on a mat."),
        ("A room has a couch.", "No dog here, just a room with a couch."),
        ("The light is red.", "No dog here: the light is red."),
        ("A photo of a bench.", "No dog here, just a bench."),
        ("A photo.", "No dog here."),
    ],
)
def test_the_wording_fits_what_the_scene_is(scene, wanted):
    assert negate(scene, "dog", "no_here", COCO80) == wanted


def test_a_short_rest_and_a_sentence_read_well():
    assert (
        negate("A stand.", "banana", "photo_has_no", COCO80)
        == "There is no banana in this photo, just a stand."
    )
    sentence = negate("The light is red.", "dog", "photo_has_no", COCO80)
    assert sentence == "There is no dog in this photo: the light is red."
    assert negate("A stand.", "dog", "comma_no", COCO80) == "A stand, no dog."
    assert negate("A nun is reading.", "dog", "comma_no", COCO80) == "A nun is reading, no dog around."


def test_a_second_with_is_set_apart():
    caption = negate("A man with a bag.", "dog", "with_no", COCO80)
    assert caption == "A man with a bag, with no dog in sight."


def test_a_photo_is_no_photo_of_a_photo():
    for name in PHRASINGS:
        assert negate("A photo.", "dog", name, COCO80).lower().count("photo") <= 1


def test_a_photo_is_not_said_to_be_in_a_photo():
    assert negate("A blurry photo of a gate", "dog", "photo_has_no", COCO80) == (
        "There is no dog, just a blurry photo of a gate."
    )
    assert negate("A blurry photo", "dog", "no_here", COCO80) == "No dog here, just a blurry photo."
    assert negate("A gate", "dog", "photo_has_no", COCO80) == "There is no dog in this photo, just a gate."


def test_a_pronoun_that_acts_stays_a_sentence():
    assert negate("He was holding a jug", "dog", "no_here", COCO80) == "No dog here: he was holding a jug."
    assert negate("A nun was holding a jug", "dog", "no_here", COCO80) == (
        "No dog here, just a nun holding a jug."
    )


@pytest.mark.parametrize("name", PHRASINGS)
def test_a_noun_phrase_and_a_photo_are_denied_as_the_probes_take_it(name):
    """`words.absence_probes` holds out what edits' captions say, and reads no caption for it."""
    for word in COCO80:
        filled = fill_phrasing(explain_phrasing(word, name, COCO80), "a red wall")
        assert negate("a red wall", word, name, COCO80) == filled
        plain = PLAIN_PHRASINGS[name].format(**COCO80.name_object(word))
        assert negate("a photo", word, name, COCO80) == plain


@pytest.mark.parametrize("name", PHRASINGS)
def test_a_text_that_is_too_long_for_a_tree_is_denied_without_one(name, monkeypatch):
    """Lists of 20,000 letters took ten seconds."""
    for reader in ("read_caption", "name_scene"):
        monkeypatch.setattr(denying, reader, lambda *_: pytest.fail("a tree was asked for"))
    denied = negate("a cat, " * 3000 + "a gate", "dog", name, COCO80)
    assert "a gate" in denied and "dog" in denied.lower()
