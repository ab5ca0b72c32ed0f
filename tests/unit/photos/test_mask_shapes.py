"""Shapes of masks: union, holes, specks, dilation, shadow, limits, feather."""

import numpy as np
import pytest
from scipy import ndimage

from unscene.photos import mask_shapes
from unscene.photos.mask_shapes import shape_mask

SETTINGS = {"min_area": 0.01, "max_area": 0.4, "dilation_px": 2}


@pytest.fixture(autouse=True)
def bare_shapes(monkeypatch):
    """Specks of 20 pixels in these small photos, and no contact shadow."""
    monkeypatch.setattr(mask_shapes, "SPECK_AREA", 0.002)
    monkeypatch.setattr(mask_shapes, "SHADOW_SHARE", 0.0)


def make_mask(*boxes, height=100, width=100):
    mask = np.zeros((height, width), bool)
    for y0, y1, x0, x1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


def random_mask(seed):
    rng = np.random.default_rng(seed)
    return ndimage.gaussian_filter(rng.standard_normal((60, 70)), 2) > 0.12


@pytest.mark.parametrize("seed", range(4))
def test_holes_and_specks_as_scipy_finds_them(seed):
    mask = random_mask(seed)
    assert np.array_equal(mask_shapes.fill_holes(mask), ndimage.binary_fill_holes(mask))
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    areas = ndimage.sum(mask, labels, range(1, count + 1))
    kept = mask_shapes.drop_specks(mask, 30)
    expected = np.isin(labels, [i + 1 for i, area in enumerate(areas) if area >= 30 or area == areas.max()])
    assert np.array_equal(kept, expected) and kept.sum() < mask.sum()


def test_the_largest_part_stays_even_when_it_is_a_speck():
    mask = make_mask((1, 3, 1, 3), (10, 13, 10, 13))
    assert np.array_equal(mask_shapes.drop_specks(mask, 1000), make_mask((10, 13, 10, 13)))
    assert not mask_shapes.drop_specks(make_mask(), 5).any()


@pytest.mark.parametrize("radius", [1, 2, 3.5, 7])
def test_dilation_is_by_a_disc(radius):
    mask = random_mask(5)
    expected = ndimage.distance_transform_edt(~mask) <= radius
    assert np.array_equal(mask_shapes.dilate(mask, radius), expected)
    corner = make_mask((0, 1, 0, 1))
    assert mask_shapes.dilate(corner, radius).sum() < (radius + 1) ** 2 + 1e-9
    assert not mask_shapes.dilate(make_mask(), radius).any()


def test_shadow_extends_each_part_downwards_by_its_own_height():
    mask = make_mask((10, 30, 10, 20), (60, 70, 50, 90))
    extended = mask_shapes.extend_below(mask, 0.5)
    assert np.array_equal(extended, make_mask((10, 40, 10, 20), (60, 75, 50, 90)))
    assert np.array_equal(mask_shapes.extend_below(mask, 0), mask)
    at_the_edge = make_mask((90, 100, 0, 5))
    assert np.array_equal(mask_shapes.extend_below(at_the_edge, 0.5), at_the_edge)


def test_shape_mask_joins_instances_and_measures_the_object(monkeypatch):
    ring = make_mask((30, 60, 30, 60)) & ~make_mask((40, 50, 40, 50))
    speck = make_mask((80, 82, 80, 82))
    shaped = shape_mask(np.stack([ring, speck]), SETTINGS)
    assert shaped.reason is None and shaped.box == (30, 30, 60, 60)
    assert shaped.area_fraction == pytest.approx(0.09)
    assert shaped.dilation_px == 2.0
    assert np.array_equal(shaped.mask, mask_shapes.dilate(make_mask((30, 60, 30, 60)), 2))
    monkeypatch.setattr(mask_shapes, "DILATION_SHARE", 0.1)
    wide = shape_mask(ring[None], SETTINGS)
    assert wide.dilation_px == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("boxes", "reason"),
    [
        ([(50, 55, 50, 55)], "too_small"),
        ([(10, 75, 10, 75)], "too_large"),
        ([(5, 95, 40, 50)], "box_too_large"),
        ([(5, 20, 40, 50), (80, 95, 40, 50)], None),
        ([(0, 30, 30, 60)], None),
        ([(0, 40, 0, 50)], "touches_border"),
        ([(0, 5, 40, 60), (95, 100, 40, 60), (40, 60, 0, 3)], "touches_border"),
        ([], "empty"),
    ],
)
def test_limits(boxes, reason):
    assert shape_mask(make_mask(*boxes)[None], SETTINGS).reason == reason


def test_border_is_measured_on_all_four_sides():
    assert mask_shapes.measure_border(make_mask((0, 100, 0, 100))) == (1.0, 4)
    assert mask_shapes.measure_border(make_mask((0, 10, 20, 30))) == (10 / 396, 1)
    assert mask_shapes.measure_border(make_mask((0, 10, 0, 10))) == (19 / 396, 2)
    assert mask_shapes.measure_border(make_mask((20, 30, 20, 30))) == (0.0, 0)


def test_feather_lies_inside_the_mask_and_has_no_ramp_at_the_photo_border():
    mask = make_mask((0, 40, 30, 70))
    weight = mask_shapes.feather(mask, 3)
    assert (weight[~mask] == 0).all() and (weight[mask] > 0).all()
    assert weight[0, 50] == 1.0 and weight[39, 50] == 0.25 and weight[38, 50] == 0.5 and weight[36, 50] == 1.0
    assert np.array_equal(mask_shapes.feather(mask, 0), mask.astype(np.float32))
    assert (mask_shapes.feather(make_mask((0, 100, 0, 100)), 2) == 1).all()


def draw(height, width, *boxes):
    """A mask of boxes (y, x, h, w)."""
    mask = np.zeros((height, width), bool)
    for y, x, h, w in boxes:
        mask[y : y + h, x : x + w] = True
    return mask


def with_pixels(count, height=100, width=100):
    """A mask of exactly this many pixels, away from the border, in rows of 60."""
    mask = np.zeros((height, width), bool)
    full, rest = divmod(count, 60)
    mask[20 : 20 + full, 20:80] = True
    mask[20 + full, 20 : 20 + rest] = True
    assert mask.sum() == count
    return mask


SMALL = draw(100, 100, (45, 45, 10, 10))


@pytest.mark.parametrize(
    ("object_mask", "mask", "reason"),
    [
        # min_area .01 of 10,000 pixels, of the object
        (with_pixels(99), SMALL, "too_small"),
        (with_pixels(100), SMALL, None),
        (with_pixels(101), SMALL, None),
        # max_area .4, of the final mask
        (SMALL, with_pixels(3999), None),
        (SMALL, with_pixels(4000), None),
        (SMALL, with_pixels(4001), "too_large"),
        # MAX_BOX .85 of either side, of the largest part
        (draw(100, 100, (45, 5, 10, 84)), SMALL, None),
        (draw(100, 100, (45, 5, 10, 85)), SMALL, None),
        (draw(100, 100, (45, 5, 10, 86)), SMALL, "box_too_large"),
        (draw(100, 100, (5, 45, 85, 10)), SMALL, None),
        (draw(100, 100, (5, 45, 86, 10)), SMALL, "box_too_large"),
        (draw(100, 200, (20, 5, 10, 90)), draw(100, 200, (45, 45, 9, 9)), None),  # of the photo's own width
        (draw(100, 100, (45, 2, 10, 60), (45, 70, 10, 28)), SMALL, None),  # two parts, from edge to edge
        # MAX_BORDER .2 of a border of 100 pixels
        (draw(26, 26, (0, 3, 4, 19)), draw(26, 26, (9, 9, 5, 5)), None),
        (draw(26, 26, (0, 3, 4, 20)), draw(26, 26, (9, 9, 5, 5)), None),
        (draw(26, 26, (0, 3, 4, 21)), draw(26, 26, (9, 9, 5, 5)), "touches_border"),
        # MAX_BORDERS 2
        (draw(100, 100, (0, 40, 5, 10), (40, 0, 10, 5)), SMALL, None),
        (draw(100, 100, (0, 40, 5, 10), (40, 0, 10, 5), (95, 40, 5, 10)), SMALL, "touches_border"),
    ],
)
def test_each_limit_just_below_at_and_just_above_it(object_mask, mask, reason):
    assert mask_shapes.find_broken_limit(object_mask, mask, SETTINGS) == reason


def test_the_largest_area_is_that_of_what_is_repainted():
    object_mask = draw(100, 100, (20, 20, 60, 60))
    assert object_mask.mean() < SETTINGS["max_area"]
    assert shape_mask(object_mask[None], SETTINGS).reason == "too_large"  # dilated by two pixels
    assert shape_mask(object_mask[None], SETTINGS | {"dilation_px": 0}).reason is None


def test_a_contact_shadow_is_added_before_the_dilation(monkeypatch):
    monkeypatch.setattr(mask_shapes, "SHADOW_SHARE", 0.5)
    object_mask = make_mask((30, 50, 40, 60))
    shaped = shape_mask(object_mask[None], SETTINGS | {"dilation_px": 6})
    assert np.array_equal(shaped.mask, mask_shapes.dilate(make_mask((30, 60, 40, 60)), 6))
    assert shaped.mask[65, 50] and not shaped.mask[66, 50] and not shaped.mask[65, 36]  # round below, too
    assert np.array_equal(shaped.object_mask, object_mask) and shaped.area_fraction == object_mask.mean()


@pytest.mark.parametrize(("size", "stays"), [(19, False), (20, True), (21, True)])
def test_a_speck_is_smaller_than_its_share_of_the_photo(size, stays):
    speck = np.zeros((100, 100), bool)
    speck[80, 10 : 10 + size] = True
    shaped = shape_mask(np.stack([make_mask((30, 60, 30, 60)), speck]), SETTINGS)
    assert shaped.object_mask[80, 10] == stays


@pytest.mark.parametrize(("side", "radius"), [(66, 2.0), (67, 2.01)])
def test_the_radius_grows_with_the_object_from_its_least_value_on(side, radius):
    object_mask = make_mask((10, 10 + side, 10, 10 + side))
    assert shape_mask(object_mask[None], SETTINGS).dilation_px == pytest.approx(radius)


def test_depths_are_whole_squares_wherever_the_mask_lies_in_memory():
    mask = np.zeros((97, 143), bool)
    mask[20:70, 11:120] = True
    mask[40:44, 60] = False
    outside = np.argwhere(~mask)
    rows, columns = np.indices(mask.shape)
    nearest = np.full(mask.shape, np.inf)
    for row, column in outside:
        nearest = np.minimum(nearest, (rows - row) ** 2 + (columns - column) ** 2)
    for place in range(0, 32, 3):  # OpenCV's own roots differ between some of these
        memory = np.empty(mask.size + place, bool)
        moved = memory[place:].reshape(mask.shape)
        moved[:] = mask
        assert np.array_equal(mask_shapes.square_depth(moved), nearest)
