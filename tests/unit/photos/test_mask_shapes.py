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
