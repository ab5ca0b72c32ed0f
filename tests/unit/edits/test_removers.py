"""The crop around a mask, the way back into the photo, the classical remover, and which remover a
config names.
"""

import cv2
import numpy as np
import pytest

from unscene.edits.removers import RemovalError, load_remover
from unscene.edits.removers.crop import Crop, cut_crop, paste_crop, place_crop, pool_mask, resize_area
from unscene.edits.removers.telea import RADIUS_PX, TeleaRemover, fill_telea
from unscene.evaluation.edit_truth import measure_edit


def test_telea_continues_a_gradient_and_keeps_the_rest():
    photo = (
        np.repeat(np.linspace(0, 255, 80, dtype=np.uint8)[None, :, None], 60, axis=0).repeat(3, axis=2).copy()
    )
    truth = photo.copy()
    mask = np.zeros((60, 80), bool)
    mask[20:40, 30:50] = True
    photo[mask] = (255, 0, 0)
    filled = TeleaRemover(0.33, 0).fill([photo], [mask], [1])[0]
    assert np.array_equal(filled[~mask], truth[~mask])
    assert np.abs(filled[mask].astype(int) - truth[mask]).mean() < 12


def test_telea_is_the_same_as_a_remover_and_as_the_baseline_of_the_truth():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (60, 60, 3), dtype=np.uint8)
    mask = np.zeros((60, 60), bool)
    mask[25:35, 22:40] = True
    filled = fill_telea(photo, mask)
    assert RADIUS_PX == 5 and np.array_equal(
        filled, cv2.inpaint(photo, mask.astype(np.uint8), 5, cv2.INPAINT_TELEA)
    )
    assert np.array_equal(TeleaRemover(1.0, 0).fill([photo], [mask], [1])[0], filled)
    measured = measure_edit(photo, filled, rng.permutation(photo), mask, mask)
    assert measured["psnr_telea"] == measured["psnr_edit"]


def test_crop_surrounds_the_mask_and_lies_inside_where_it_fits():
    mask = np.zeros((100, 200), bool)
    mask[40:60, 0:30] = True
    crop = place_crop(mask, 1 / 3, 0)
    assert (crop.x0, crop.y0, crop.side) == (0, 25, 50)
    assert place_crop(mask, 1 / 3, 64).side == 64
    wide = np.zeros((100, 200), bool)
    wide[50, 10:190] = True
    crop = place_crop(wide, 1 / 3, 0)
    assert crop.side == 300 and crop.y0 == -100 and crop.x0 == -50
    small = np.zeros((64, 64), bool)
    small[5:9, 5:9] = True
    assert place_crop(small, 0.33, 64) == Crop(0, 0, 64)


def test_crop_and_paste_are_inverse_also_beyond_the_photo():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (20, 50, 3), dtype=np.uint8)
    mask = np.zeros((20, 50), bool)
    mask[3:15, 2:45] = True
    crop = place_crop(mask, 0.4, 0)
    area = cut_crop(photo, crop)
    assert area.shape == (crop.side, crop.side, 3)
    assert np.array_equal(paste_crop(photo, mask, area, crop, 0), photo)
    inverted = paste_crop(photo, mask, 255 - area, crop, 0)
    assert np.array_equal(inverted[mask], 255 - photo[mask]) and np.array_equal(inverted[~mask], photo[~mask])


def test_pooled_mask_keeps_thin_rims_and_whole_blocks():
    mask = np.zeros((64, 64), bool)
    mask[:, 33] = True  # a nearest pick of every eighth pixel would miss this column
    pooled = pool_mask(mask, 64, 8)
    assert pooled[:, 32:40].all() and pooled.sum() == 64 * 8
    assert pool_mask(mask, 16, 2)[:, 8].all()
    large = np.zeros((640, 640), bool)
    large[320, 320] = True
    assert pool_mask(large, 64, 8).any()


def test_a_large_photo_gets_its_hole_back_at_its_own_resolution():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (1500, 2100, 3), dtype=np.uint8)
    mask = np.zeros(photo.shape[:2], bool)
    mask[300:1100, 500:1500] = True
    crop = place_crop(mask, 0.33, 64)
    painted = resize_area(resize_area(cut_crop(photo, crop), 64), crop.side)
    filled = paste_crop(photo, mask, painted, crop, 4)
    assert crop.side > 1500 and np.array_equal(filled[~mask], photo[~mask])
    inner = (slice(320, 1080), slice(520, 1480))
    window = painted[320 - crop.y0 : 1080 - crop.y0, 520 - crop.x0 : 1480 - crop.x0]
    assert np.array_equal(filled[inner], window)


def test_clear_errors():
    with pytest.raises(RemovalError, match="edits.backend"):
        load_remover({"backend": "magic"})
    with pytest.raises(RemovalError, match="diffusers inpainting folder"):
        load_remover({"backend": "diffusers"})
    with pytest.raises(RemovalError, match="TorchScript or ONNX"):
        load_remover({"backend": "lama"})
