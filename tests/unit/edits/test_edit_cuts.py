"""Every cut of the removal just below, at and just above it: the cheap checks, the crop, and the
blend inside the mask.
"""

import numpy as np
import pytest

from unscene.edits.removal import MAX_FLAT, MIN_CHANGE, find_fault
from unscene.edits.removers.crop import paste_crop, place_crop
from unscene.edits.removers.telea import TeleaRemover
from unscene.photos.mask_shapes import dilate, feather


def make_hole(side=40, at=15, width=10):
    mask = np.zeros((side, side), bool)
    mask[at : at + width, at : at + width] = True
    return mask


def make_noise(shape, seed=0):
    return np.random.default_rng(seed).integers(60, 120, (*shape, 3), dtype=np.uint8)


def test_the_least_change_is_a_mean_over_the_mask():
    mask = make_hole()
    photo = make_noise(mask.shape)
    edited = photo.copy()
    edited[mask] += 2
    assert MIN_CHANGE == 2.0 and find_fault(photo, mask, edited) is None
    edited[15, 15, 0] -= 1  # one value of 300 changed by one less
    assert find_fault(photo, mask, edited) == "unchanged"
    edited[15, 15, 0] += 2
    assert find_fault(photo, mask, edited) is None
    darker = photo.copy()
    darker[mask] -= 2  # a change down is a change
    assert find_fault(photo, mask, darker) is None


def test_the_least_change_is_the_callers():
    mask = make_hole()
    photo = make_noise(mask.shape)
    assert find_fault(photo, mask, photo.copy(), min_change=0.0) is None
    assert find_fault(photo, mask, photo.copy(), min_change=1e-6) == "unchanged"


@pytest.mark.parametrize(
    ("spread", "fault"), [(MAX_FLAT - 1, None), (MAX_FLAT, None), (MAX_FLAT + 1, "flat")]
)
@pytest.mark.parametrize("channels", [(0,), (2,), (0, 1, 2)])
def test_a_flat_hole_is_a_fault_where_its_surroundings_vary_more(spread, fault, channels):
    """In any channel: half of the ring lies `spread` above the mean, half below, so that is its
    standard deviation.
    """
    mask = make_hole()
    photo = np.full((*mask.shape, 3), 100, np.uint8)
    rows, columns = np.nonzero(dilate(mask, 3) & ~mask)
    assert len(rows) % 2 == 0
    for channel in channels:
        photo[rows[::2], columns[::2], channel] += int(spread)
        photo[rows[1::2], columns[1::2], channel] -= int(spread)
    edited = photo.copy()
    edited[mask] = 40
    assert find_fault(photo, mask, edited) == fault
    edited[15, 15, 1] += 1  # one value that differs, in one channel: no flat hole
    assert find_fault(photo, mask, edited) is None


@pytest.mark.parametrize(
    ("side", "distance", "fault"),
    [
        (40, 3, "flat"),
        (40, 4, None),  # at least 3 pixels
        (150, 3, "flat"),
        (150, 4, None),  # .02 x 150
        (400, 8, "flat"),
        (400, 9, None),  # .02 x 400
    ],
)
def test_surroundings_reach_as_far_as_they_say(side, distance, fault):
    mask = make_hole(side)
    photo = np.full((side, side, 3), 100, np.uint8)
    photo[15 - distance, 15:25] = 255  # the only thing that varies around the object
    photo[mask] = 250
    edited = photo.copy()
    edited[mask] = 40
    assert find_fault(photo, mask, edited) == fault


def test_a_single_value_outside_the_mask_is_a_fault():
    mask = make_hole()
    photo = make_noise(mask.shape)
    edited = photo.copy()
    edited[mask] = 255 - edited[mask]
    assert find_fault(photo, mask, edited) is None
    edited[14, 15, 2] += 1
    assert find_fault(photo, mask, edited) == "background_changed"
    assert find_fault(photo, mask, edited[:-1]) == "background_changed"


@pytest.mark.parametrize(
    ("smallest", "side"),
    [(0, 17), (16, 17), (17, 17), (18, 18), (150, 150), (199, 199), (200, 200), (201, 200), (999, 200)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_smallest_crop_goes_as_far_as_the_photos_longer_edge(smallest, side, turned):
    mask = np.zeros((100, 200), bool)
    mask[40:44, 60:70] = True
    crop = place_crop(mask.T if turned else mask, 1 / 3, smallest)
    assert crop.side == side  # 10 pixels of the longer side of the box and a third of them on both sides


@pytest.mark.parametrize("feather_px", [0, 1, 3])
def test_the_blend_is_feathered_inside_the_mask(feather_px):
    mask = make_hole()
    photo = np.full((*mask.shape, 3), 10, np.uint8)
    crop = place_crop(mask, 0.5, 0)
    painted = np.full((crop.side, crop.side, 3), 210, np.uint8)
    pasted = paste_crop(photo, mask, painted, crop, feather_px)
    expected = np.round(10 + 200 * feather(mask, feather_px))
    assert np.array_equal(pasted, np.repeat(expected[..., None], 3, axis=2).astype(np.uint8))
    assert pasted[20, 15, 0] == {0: 210, 1: 110, 3: 60}[feather_px]  # the mask's first column
    assert pasted[20, 20, 0] == 210 and (pasted[~mask] == 10).all()


def test_telea_blends_by_the_feather_of_the_config():
    mask = make_hole()
    photo = make_noise(mask.shape)
    photo[mask] = 250
    sharp, soft = (TeleaRemover(0.33, px).fill([photo], [mask], [1])[0] for px in (0, 3))
    weight = feather(mask, 3)[..., None]
    blended = np.round(sharp * weight + photo.astype(np.float32) * (1 - weight))
    assert np.array_equal(soft, blended.astype(np.uint8)) and not np.array_equal(soft, sharp)
