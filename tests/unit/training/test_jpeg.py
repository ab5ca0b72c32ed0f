"""One JPEG for both photos of a pair: its draws, its pixels, and that other arms don't notice."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from unscene.training.arms import JPEG_QUALITY, draw_step
from unscene.training.batches import compress_photos

PAIRED = {"batches": "paired"}


def test_both_photos_of_a_pair_pass_the_same_jpeg_in_every_arm():
    draws = draw_step((1, 2, 3), 5, 64, 0.9, PAIRED)
    assert (draws.quality[0] == draws.quality[1]).all()
    assert len(set(draws.quality[0].tolist())) > 20
    assert draws.quality.min() >= JPEG_QUALITY[0] and draws.quality.max() <= JPEG_QUALITY[1]
    again = draw_step((1, 2, 3), 5, 64, 0.9, PAIRED | {"jpeg": True, "loss": {"rank": 1}})
    assert (again.quality == draws.quality).all()
    assert (draw_step((1, 2, 3), 6, 64, 0.9, PAIRED).quality != draws.quality).any()
    apart = draw_step((1, 2, 3), 5, 64, 0.9, {"batches": "random"})
    assert (apart.quality[0] == draws.quality[0]).all() and (apart.quality[1] != draws.quality[1]).any()


def test_a_share_has_its_own_places():
    draws = draw_step((1, 2, 3), 5, 8, 0.9, PAIRED)
    own = draws.share(slice(2, 5))
    assert (own.quality == draws.quality[:, 2:5]).all() and (own.vague == draws.vague[2:5]).all()
    side = draws.views[0].reshape(2, 8)
    assert (own.views[0] == side[:, 2:5]).all()


@pytest.mark.parametrize("quality", [40, 95])
def test_photos_come_out_as_pillow_decodes_them(quality):
    photos = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16, 3), dtype=np.uint8)
    got = compress_photos(torch.from_numpy(photos), np.full((2, 3), quality))
    assert got.shape == photos.shape and got.dtype == torch.uint8
    file = io.BytesIO()
    Image.fromarray(photos[1, 2]).save(file, "JPEG", quality=quality)
    assert (got[1, 2].numpy() == np.asarray(Image.open(file))).all()
    assert (got.numpy() != photos).any()


def test_equal_photos_stay_equal_and_lower_quality_changes_more():
    smooth = np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None], (32, 1, 3))
    photos = torch.from_numpy(np.stack([[smooth, smooth], [smooth, smooth]]))
    got = compress_photos(photos, np.array([[40, 95], [40, 95]])).int()
    assert torch.equal(got[0], got[1])
    change = (got - photos.int()).abs().float().mean(dim=(2, 3, 4))
    assert (change[:, 0] > change[:, 1]).all()
