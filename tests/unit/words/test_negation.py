"""Rewriting: what is left of a caption without an object, and the ways to say that it is not there."""

import json

import pytest

from unscene.words.coco80 import COCO80
from unscene.words.grammar import parse_caption
from unscene.words.negation import remove_object
from unscene.words.phrasings import PHRASINGS, choose_phrasing, find_phrasing, hold_out, is_negated, negate
from unscene.words.pronouns import find_lost_pronouns

REWRITTEN = [
    ("A dog and a red ball on the sand.", "dog", "A red ball on the sand."),
    ("A red ball and a dog on the sand", "dog", "A red ball on the sand"),
    ("A dog runs on the beach.", "dog", "The beach."),
    ("A man holding a kite on the beach.", "kite", "A man on the beach."),
    ("A man standing next to a dog on a beach.", "dog", "A man standing on a beach."),
    ("A dog and a cat are sleeping on a bed.", "dog", "A cat is sleeping on a bed."),
    ("A dog, a cat and a bird on the grass.", "cat", "A dog and a bird on the grass."),
    ("A dog, a cat and a bird on the grass.", "bird", "A dog and a cat on the grass."),
    ("There is a dog near a bench in the park.", "dog", "A bench in the park."),
    ("A photo of a dog on a beach.", "dog", "A photo of a beach."),
    ("A white bowl filled with green apples.", "apple", "A white bowl."),
    ("A woman in a red shirt is walking her dog in a park.", "person", "A dog in a park."),
    (
        "A red and white umbrella and two dogs on the street.",
        "dog",
        "A red and white umbrella on the street.",
    ),
    (
        "Man flying a kite on the beach while others run along the sand.",
        "person",
        "Others run along the sand.",
    ),
    ("A bathroom with no toilets and a red bucket.", "toilet", "A bathroom with a red bucket."),
    (
        "A cat lying on an old couch next to an orange pillow.",
        "couch",
        "A cat lying next to an orange pillow.",
    ),
    ("A big red stop sign in the parking lot", "stop sign", "The parking lot"),
    ("A puppy and another dog near a bench.", "dog", "A bench."),
    ("A brown dog.", "dog", None),
    ("Two men smile as they ride horses on the beach.", "person", "Horses on the beach."),
    ("Two men smile as they ride horses on the beach.", "horse", "Two men smile on the beach."),
    ("A woman smiling as she walks toward bananas.", "banana", "A woman smiling."),
    ("A woman smiling as she walks toward bananas.", "person", "Bananas."),
    ("Two women sit on a bench while people stand in a line behind them.", "person", None),
    ("Two dogs sleep on a bench next to each other.", "dog", None),
    ("Children standing next to each other.", "person", None),
    ("A man holding a picture of himself.", "person", None),
    ("A white cup with a skull and bones on it next to a knife.", "cup", None),
    (
        "A white cup with a skull and bones on it next to a knife.",
        "knife",
        "A white cup with a skull and bones on it.",
    ),
    ("A man stands near a table with a cake on it.", "person", "A table with a cake on it."),
    ("A person on skis makes her way through the snow.", "skis", None),
    (
        "Three people with cups on the couch and one with a remote",
        "couch",
        "Three people with cups and one with a remote",
    ),
]


@pytest.mark.parametrize(("caption", "category", "wanted"), REWRITTEN)
def test_remove_object(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("They ride horses on the beach.", ["they"]),
        ("Horses on the beach while they run.", []),
        ("A scene in a line behind them.", ["them"]),
        ("A cat and a dog with a ball between them.", []),
        ("A ball between them and a dog.", ["them"]),
        ("A dog with a ball next to it.", []),
        ("A ball on it.", ["it"]),
        ("A table while he sleeps and she reads.", ["he", "she"]),
        ("A man while he sleeps.", []),
        ("Dogs next to each other.", []),
        ("A scene next to each other.", ["each other"]),
    ],
)
def test_pronouns_without_what_they_stand_for(text, lost):
    assert find_lost_pronouns(parse_caption(text, COCO80)) == lost


def test_a_pronoun_that_stood_for_nothing_known_before_is_left_alone():
    caption = "A gnome smiles as he sits near a dog on the grass."
    assert find_lost_pronouns(parse_caption(caption, COCO80)) == ["he"]
    assert remove_object(caption, "dog", COCO80) == "A gnome smiles as he sits on the grass."


def test_grammar_reads_the_parts_of_a_caption():
    chunks = [
        (chunk.kind, chunk.low)
        for chunk in parse_caption("A man holding a red kite on top of a hill while a dog runs by.", COCO80)
    ]
    assert chunks == [
        ("NP", "a man"),
        ("V", "holding"),
        ("NP", "a red kite"),
        ("P", "on top of"),
        ("NP", "a hill"),
        ("S", "while"),
        ("NP", "a dog"),
        ("V", "runs by"),
    ]


def test_every_phrasing_names_and_denies_every_word():
    for word in COCO80:
        for name in PHRASINGS:
            caption = negate("A wooden floor near the wall.", word, name, COCO80)
            assert (
                COCO80.find_words(caption) == [word]
                and is_negated(caption)
                and find_phrasing(caption) == name
            ), caption


def test_phrasings_read_well():
    assert negate("A bench.", "dog", "without", COCO80) == "A bench without a dog."
    assert negate("A bench.", "person", "there_is_no", COCO80) == "A bench; there are no people."
    assert (
        negate("A TV on a wall.", "umbrella", "photo_without", COCO80)
        == "A photo without an umbrella: a TV on a wall."
    )


@pytest.mark.parametrize(("share", "count"), [(0, 0), (0.01, 1), (0.25, 3), (1, len(PHRASINGS) - 1)])
def test_held_out_share(share, count):
    held_out = hold_out(share, 7)
    assert len(held_out) == count and hold_out(share, 7) == held_out
    training = sorted(set(PHRASINGS) - set(held_out))
    drawn = {choose_phrasing(f"e{n}", 7, training, "training") for n in range(300)}
    assert drawn == set(training)
    assert choose_phrasing("e", 7, [], "held out") is None


def test_real_captions_lose_the_object_and_keep_their_words(real_data):
    captions = json.loads((real_data / "coco_sample" / "captions.json").read_text())["annotations"]
    asked = rewritten = 0
    for row in captions[::2]:
        words = COCO80.find_words(row["caption"])
        for word in words:
            asked += 1
            without = remove_object(row["caption"], word, COCO80)
            if without is not None:
                rewritten += 1
                assert word not in COCO80.find_words(without) and set(COCO80.find_words(without)) <= set(
                    words
                )
    assert asked > 200 and rewritten / asked > 0.85
