"""The faults that the grammar finds in what it wrote, judged by the text alone."""

import pytest

from unscene.rewriting.checks.faults import find_faults
from unscene.words.coco80 import COCO80


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A beach.", None),
        ("A cat sleeping on a bed while a boy reads.", None),
        ("They ride horses on the beach.", "a pronoun without its noun"),
        ("Strides along the shore.", "its head is no thing"),
        ("Attended the gala.", "its head is no thing"),
        ("Proud on a chest.", "its head is no thing"),
        ("Leaves on a crate.", None),
        ("A the reward.", "a word twice"),
        ("Skiing past a chapel.", "a verb without its subject"),
        ("Is parked near a wall.", "a verb without its subject"),
        ("A bench and a tree next to.", "ends in the middle"),
        ("Near a bench.", "begins in the middle"),
        ("A man holding in a park.", "a verb without its object"),
        ("A scene in a line behind them.", "a pronoun without its noun"),
        ("A bench with his dog.", "an owner that is gone"),
        ("A mat with one arm.", "a part of the body without its owner"),
        ("Cards while others watch.", "somebody is still there"),
        ("A room with with a lamp.", "a word twice"),
        ("A nurse on a bench.", "names the object"),
        ("A red jacket.", "clothes without their owner"),
        ("A hill with A cat.", "a preposition without its noun"),
        ("Neither nor the cat.", "an article without its noun"),
        ("Both the cat are asleep.", "begins in the middle"),
        ("The left of a van.", "begins in the middle"),
        ("", "nothing is left"),
    ],
)
def test_faults_of_a_result(text, fault):
    faults = find_faults(text, "person", COCO80)
    assert (fault in faults) if fault else [f for f in faults if f != "names the object"] == []
