"""What rests on an object or is held by it, told from a mask and boxes."""

from types import SimpleNamespace

import numpy as np
import pytest

from unscene.masks.carried import find_carried

PERSON = np.zeros((200, 200), bool)
PERSON[40:180, 80:120] = True
TABLE = np.zeros((200, 200), bool)
TABLE[100:180, 30:170] = True
BOARD = np.zeros((200, 200), bool)
BOARD[150:160, 60:140] = True


def find(mask, category, *seen):
    names, sure, boxes = zip(*seen, strict=True) if seen else ((), (), ())
    seen = SimpleNamespace(
        seen_categories=list(names),
        seen_confidences=np.array(sure, np.float32),
        seen_boxes=np.array(boxes, np.float32).reshape(-1, 4),
    )
    return find_carried(mask, category, seen)


@pytest.mark.parametrize(
    ("mask", "category", "box", "is_carried"),
    [
        (TABLE, "dining table", (60, 80, 80, 120), True),  # a cup that stands on it
        (TABLE, "dining table", (60, 60, 80, 103), True),
        (TABLE, "dining table", (60, 40, 80, 80), False),  # a picture on the wall behind
        (TABLE, "dining table", (60, 120, 100, 195), False),  # a dog in front of it
        (TABLE, "dining table", (175, 100, 195, 190), False),  # a chair beside it
        (BOARD, "skateboard", (80, 40, 120, 155), True),  # who stands on it
        (BOARD, "skateboard", (80, 40, 120, 175), False),  # who stands before it
        (PERSON, "person", (105, 90, 125, 120), True),  # a bag at the hip
        (PERSON, "person", (20, 90, 40, 120), False),  # a bag at some distance
        (PERSON, "person", (60, 60, 140, 199), False),  # a motorcycle
    ],
)
def test_what_rests_or_is_held_is_found_and_what_stands_by_is_not(mask, category, box, is_carried):
    assert find(mask, category, ("bird", 0.9, box)) == ("bird" if is_carried else None)


def test_only_people_hold():
    bag = ("handbag", 0.9, (84, 90, 99, 170))
    low = PERSON.copy()
    low[171:] = False
    assert find(low, "person", bag) == "handbag"
    assert find(low, "vase", bag) is None


@pytest.mark.parametrize(("confidence", "counts"), [(0.41, True), (0.4, True), (0.39, False)])
def test_what_is_hardly_seen_and_what_is_of_the_same_word_do_not_count(confidence, counts):
    cup = (60, 80, 80, 120)
    assert find(TABLE, "dining table", ("cup", confidence, cup)) == ("cup" if counts else None)
    assert find(TABLE, "dining table", ("dining table", 0.9, cup)) is None
    assert find(TABLE, "dining table") is None


def test_the_surest_is_named():
    assert (
        find(TABLE, "dining table", ("cup", 0.5, (60, 80, 80, 120)), ("cat", 0.9, (90, 60, 130, 110)))
        == "cat"
    )


def test_boxes_beyond_the_frame_are_cut_off():
    for box in ((-50, -50, -10, -10), (190, 190, 400, 400), (0, 0, 0, 0), (150, 0, 400, 110)):
        find(TABLE, "dining table", ("cup", 0.9, box))
