"""Chunks of a caption, and pronouns without their noun."""

import pytest

from unscene.rewriting.marking.pronouns import find_lost_pronouns
from unscene.rewriting.parsing.chunks import make_chunks
from unscene.rewriting.tagging.reading import read_tokens
from unscene.words.coco80 import COCO80


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
        ("A gnome smiles as he sits near a dog on the grass.", ["he"]),
    ],
)
def test_pronouns_without_what_they_stand_for(text, lost):
    assert find_lost_pronouns(make_chunks(read_tokens(text, COCO80))) == lost


def test_the_parts_of_a_caption():
    caption = "A man holding a red kite on top of a hill while a dog runs by."
    chunks = [(chunk.kind, chunk.low) for chunk in make_chunks(read_tokens(caption, COCO80))]
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
