"""Removers: what is painted, where, and that nothing else decides it."""

import numpy as np
import pytest

from tiny_inpainter import save_tiny_inpainter
from unscene.removers import (
    Crop,
    DiffusersRemover,
    RemovalError,
    TeleaRemover,
    ask_for_steps,
    cut_crop,
    load_remover,
    paste_crop,
    place_crop,
    pool_mask,
)

SETTINGS = {
    "backend": "diffusers",
    "size": 16,
    "context": 0.33,
    "steps": 2,
    "guidance": 1.0,
    "strength": 1.0,
    "prompt": "background",
    "negative_prompt": "",
    "feather_px": 1,
}


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that spin while they wait for each other make small models slower on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pipeline_folder(tmp_path_factory):
    return save_tiny_inpainter(tmp_path_factory.mktemp("inpainter"))


@pytest.fixture(scope="module")
def remover(pipeline_folder):
    return DiffusersRemover(
        pipeline_folder, SETTINGS, "cpu", "float32", batch_size=4, fingerprint="0123456789abcdef"
    )


def make_photo(seed, height=24, width=30):
    """A noisy photo and a mask with a rim of one pixel."""
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.zeros((height, width), bool)
    y, x = rng.integers(0, height - 9), rng.integers(0, width - 9)
    mask[y : y + 7, x : x + 8] = True
    return photo, mask


def test_diffusers_result_depends_on_photo_mask_and_seed_alone(remover):
    photos, masks = zip(*(make_photo(seed, 24 + seed, 40 - seed) for seed in range(6)), strict=True)
    seeds = [11, 12, 13, 14, 15, 16]
    together = remover.fill(photos, masks, seeds)
    order = [4, 0, 5, 2, 1, 3]
    permuted = remover.fill([photos[i] for i in order], [masks[i] for i in order], [seeds[i] for i in order])
    for place, index in enumerate(order):
        assert np.array_equal(permuted[place], together[index])
    alone = remover.fill(photos[3:4], masks[3:4], seeds[3:4])[0]
    assert np.array_equal(alone, together[3])
    other_seed = remover.fill(photos[3:4], masks[3:4], [99])[0]
    assert not np.array_equal(other_seed, alone)


def test_diffusers_leaves_everything_outside_the_mask(remover):
    photo, mask = make_photo(3)
    filled = remover.fill([photo], [mask], [1])[0]
    assert filled.dtype == np.uint8 and filled.shape == photo.shape
    assert np.array_equal(filled[~mask], photo[~mask])
    assert np.abs(filled[mask].astype(int) - photo[mask]).mean() > 5
    assert remover.batch_shape == "4x3x16x16" and remover.name.endswith("-01234567")


def test_the_hole_never_sees_what_it_removes(remover, monkeypatch):
    photo, mask = make_photo(5)
    other = photo.copy()
    other[mask] = 255 - other[mask]
    monkeypatch.setattr(remover, "_settings", SETTINGS | {"feather_px": 0})
    first, second = remover.fill([photo, other], [mask, mask], [1, 1])
    assert np.array_equal(first, second)


@pytest.mark.parametrize(("strength", "guidance"), [(0.99, 1.0), (0.6, 3.0)])
def test_the_steps_asked_for_are_made_and_the_prompt_is_encoded_once(pipeline_folder, strength, guidance):
    settings = SETTINGS | {"steps": 4, "strength": strength, "guidance": guidance}
    remover = DiffusersRemover(pipeline_folder, settings, "cpu", "float32", batch_size=2)
    calls = {"unet": 0, "text": 0}
    unet, text = remover._pipeline.unet, remover._pipeline.text_encoder
    unet.register_forward_pre_hook(lambda *_: calls.__setitem__("unet", calls["unet"] + 1))
    text.register_forward_pre_hook(lambda *_: calls.__setitem__("text", calls["text"] + 1))
    photos, masks = zip(*(make_photo(seed) for seed in range(3)), strict=True)
    filled = remover.fill(photos, masks, [1, 2, 3])
    assert calls == {"unet": 2 * 4, "text": 0}
    assert all(np.array_equal(f[~m], p[~m]) for f, m, p in zip(filled, masks, photos, strict=True))
    assert ("negative_prompt_embeds" in remover._prompts) == (guidance > 1)


def test_a_unet_that_cannot_inpaint_is_an_error(tmp_path):
    folder = save_tiny_inpainter(tmp_path / "three", latent_channels=3)
    remover = DiffusersRemover(folder, SETTINGS, "cpu", "float32", batch_size=1)
    photo, mask = make_photo(1)
    with pytest.raises(ValueError, match="4 or 9 input channels"):
        remover.fill([photo], [mask], [1])


def test_numbers_that_are_none_give_none(remover, monkeypatch):
    photo, mask = make_photo(2)
    paint = remover._paint

    def paint_nan(*arguments):
        painted = paint(*arguments)
        painted = painted.clone()
        painted[0] = float("nan")
        return painted

    monkeypatch.setattr(remover, "_paint", paint_nan)
    filled = remover.fill([photo, photo], [mask, mask], [1, 1])
    assert filled[0] is None and filled[1] is not None


def test_clear_errors(tmp_path, pipeline_folder):
    with pytest.raises(RemovalError, match="model_index.json"):
        DiffusersRemover(tmp_path, SETTINGS, "cpu", "float32", 1)
    with pytest.raises(RemovalError, match="edits.size: 15"):
        DiffusersRemover(pipeline_folder, SETTINGS | {"size": 15}, "cpu", "float32", 1)
    with pytest.raises(RemovalError, match="edits.backend"):
        load_remover(SETTINGS | {"backend": "magic"}, {}, "cpu")


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


@pytest.mark.parametrize(("steps", "strength"), [(4, 0.99), (20, 0.9999), (10, 1.0), (7, 0.33), (1, 0.05)])
def test_ask_for_steps(steps, strength):
    assert int(ask_for_steps(steps, strength) * strength) == steps


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
