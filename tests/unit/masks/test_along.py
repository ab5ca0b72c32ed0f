"""What a mask takes along of another word, told from the masks of its objects."""

import numpy as np
import pytest

from unscene.masks.along import Finds, tell_fate

MASK = np.zeros((100, 100), bool)
MASK[:, :50] = True


def at(x0):
    """An object of 20 pixels in width that begins at x0: of it 50 - x0 twentieths lie in the mask."""
    found = np.zeros((100, 100), bool)
    found[40:60, x0 : x0 + 20] = True
    return found


def tell(*finds, sure=0.5):
    masks = np.array([at(x0) for x0, _ in finds], bool).reshape(-1, 100, 100)
    return tell_fate(MASK, Finds(masks, np.array([confidence for _, confidence in finds])), sure)


@pytest.mark.parametrize(
    ("x0", "fate"), [(0, "taken"), (40, "taken"), (41, None), (46, None), (47, "staying"), (70, "staying")]
)
def test_half_of_it_gone_is_gone_and_a_fifth_is_not(x0, fate):
    assert tell((x0, 0.9)) == fate


@pytest.mark.parametrize(
    ("finds", "fate"),
    [
        ((), None),
        (((10, 0.15),), "taken"),  # a phone is hardly seen
        (((70, 0.4),), None),  # to stay it must be sure
        (((10, 0.9), (70, 0.5)), "staying"),  # another one stays
        (((10, 0.9), (70, 0.3)), "taken"),  # that one is not sure to be one
        (((10, 0.2), (70, 0.3)), None),  # it is surer than the one that is gone
        (((10, 0.9), (43, 0.9)), None),  # one is cut
    ],
)
def test_it_is_gone_when_no_other_one_is_left(finds, fate):
    assert tell(*finds) == fate


def test_a_find_without_pixels_is_none():
    assert tell_fate(MASK, Finds(np.zeros((1, 100, 100), bool), np.ones(1)), 0.5) is None
