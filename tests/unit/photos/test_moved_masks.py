"""Moved masks: the same shape, elsewhere, where nothing is."""

import numpy as np
import pytest

from unscene.photos.moved_masks import draw_boxes, find_free_places, move_mask


def make_blob(rng, shape, side):
    """A random shape that is not symmetric, somewhere in a mask."""
    mask = np.zeros(shape, bool)
    top, left = rng.integers(0, shape[0] - side), rng.integers(0, shape[1] - side)
    mask[top : top + side, left : left + side] = rng.random((side, side)) < 0.6
    return mask


def search_naively(shape, taken):
    rows, columns = taken.shape[0] - shape.shape[0] + 1, taken.shape[1] - shape.shape[1] + 1
    free = np.zeros((max(rows, 0), max(columns, 0)), bool)
    for y in range(rows):
        for x in range(columns):
            free[y, x] = not (taken[y : y + shape.shape[0], x : x + shape.shape[1]] & shape).any()
    return free


@pytest.mark.parametrize("side", [3, 9, 15, 22])
def test_free_places_equal_those_of_a_plain_search(side):
    rng = np.random.default_rng(side)
    shape = rng.random((side, side + 2)) < 0.5
    taken = rng.random((31, 47)) < 0.01
    found = find_free_places(shape, taken)
    assert np.array_equal(found, search_naively(shape, taken)) and found.any() and not found.all()


def test_places_on_a_coarse_grid_are_free_in_full():
    rng = np.random.default_rng(5)
    shape, taken = rng.random((17, 23)) < 0.5, rng.random((90, 121)) < 0.004
    found, exact = find_free_places(shape, taken, cell=4), search_naively(shape, taken)
    places = np.argwhere(found) * 4
    assert len(places) > 5 and all(exact[y, x] for y, x in places)


@pytest.mark.parametrize("shape", [(60, 80), (1200, 700)])
def test_a_moved_mask_keeps_its_shape_and_meets_nothing(shape):
    rng = np.random.default_rng(1)
    mask = make_blob(rng, shape, 20)
    taken = draw_boxes([[30, 10, 55.5, 40], [0, 50, 20, 200]], shape) | mask
    places, mirrored = set(), 0
    for seed in range(20):
        moved = move_mask(mask, taken, seed)
        assert moved.sum() == mask.sum() and not (moved & taken).any()
        cut = [each[np.ix_(each.any(1), each.any(0))] for each in (mask, moved)]
        is_mirrored = np.array_equal(cut[0][:, ::-1], cut[1])
        assert is_mirrored or np.array_equal(*cut)
        mirrored += is_mirrored
        places.add(tuple(np.argwhere(moved)[0]))
        assert np.array_equal(moved, move_mask(mask, taken, seed))
    assert len(places) > 10 and 0 < mirrored < 20


def test_no_room_and_nothing_to_move():
    mask = np.zeros((40, 40), bool)
    mask[5:30, 5:30] = True
    assert move_mask(mask, mask, 0) is None  # the shape fits nowhere beside itself
    assert move_mask(np.zeros_like(mask), mask, 0) is None
    with pytest.raises(ValueError, match="shape"):
        move_mask(mask, np.zeros((3, 3), bool), 0)


def test_boxes_take_every_pixel_they_touch():
    drawn = draw_boxes(np.array([[1.5, 2.0, 3.1, 4.0], [-5, -5, 1, 1], [8, 8, 99, 99]]), (10, 12))
    assert drawn[2:4, 1:4].all() and drawn[0, 0] and drawn[8:, 8:].all()
    assert drawn.sum() == 6 + 1 + 8 and not draw_boxes([], (4, 4)).any()
