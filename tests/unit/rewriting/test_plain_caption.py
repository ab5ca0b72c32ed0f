"""Spellings and marks of captions, read as plain ones."""

import pytest

from unscene.rewriting.negation import remove_object
from unscene.rewriting.parsing.plain_caption import OBJECT_SPELLINGS, SPELLINGS
from unscene.words.coco80 import COCO80


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.caption)
def test_every_spelling_changes_the_caption_that_it_exists_for(spelling):
    assert spelling.pattern.search(spelling.caption)
    assert not spelling.pattern.search(spelling.pattern.sub(spelling.instead, spelling.caption))


@pytest.mark.parametrize("spelling", OBJECT_SPELLINGS, ids=lambda spelling: spelling.caption)
def test_a_spelling_of_an_object_changes_captions_of_that_object_alone(spelling):
    assert not spelling.pattern.search(spelling.write(spelling.caption, spelling.object, COCO80))
    assert spelling.write(spelling.caption, "zebra", COCO80) == spelling.caption


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ('A "happy" dog runs on the beach.', "The beach."),
        ("A \u201cguard\u201d dog near a bench", "A bench"),
        ('A dog near a "stop" sign', "A stop sign"),
        ("A dog (brown) near a bench.", "A bench."),
        ("A bench [2009] beside a dog", "A bench"),
        ("A dog &amp; a bench", "A bench"),
    ],
)
def test_marks_around_words_leave_nothing_behind(caption, expected):
    assert remove_object(caption, "dog", COCO80) == expected
