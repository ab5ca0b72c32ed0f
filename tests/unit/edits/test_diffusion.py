"""Diffusion removal with tiny random models: nothing but photo, mask and seed decides a result, and
it is diffusers' own.
"""

import numpy as np
import pytest
import torch

from tiny_inpainter import save_tiny_inpainter, save_tiny_lora, save_tiny_vae, save_tiny_xl_inpainter
from unscene.edits.removers import RemovalError, Weights, load_remover
from unscene.edits.removers.diffusion import SCHEDULERS, DiffusersRemover
from unscene.edits.removers.sampling import ask_for_steps
from unscene.edits.removers.sampling import count_evaluations as count_unet_evaluations
from unscene.machine.devices import Setup
from unscene.photos.mask_shapes import feather

SETTINGS = {
    "backend": "diffusers",
    "scheduler": None,
    "size": 16,
    "context": 0.33,
    "smallest_crop": None,
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
    torch.set_num_threads(1)


def make_photo(seed, height=24, width=30):
    """A noisy photo and a mask with a rim of one pixel."""
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.zeros((height, width), bool)
    y, x = rng.integers(0, height - 9), rng.integers(0, width - 9)
    mask[y : y + 7, x : x + 8] = True
    return photo, mask


@pytest.fixture(scope="module")
def pipeline_folder(tmp_path_factory):
    return save_tiny_inpainter(tmp_path_factory.mktemp("inpainter"))


@pytest.fixture(scope="module")
def remover(pipeline_folder):
    weights = Weights(pipeline_folder, fingerprint="0123456789abcdef")
    return DiffusersRemover(weights, SETTINGS, Setup(batch_size=4))


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


def test_the_blend_is_feathered_as_the_config_says(remover, monkeypatch):
    photo, mask = make_photo(4, 40, 40)
    mask[8:30, 8:30] = True
    made = []
    for px in (0, 3):
        monkeypatch.setattr(remover, "_settings", SETTINGS | {"feather_px": px})
        made.append(remover.fill([photo], [mask], [1])[0])
    weight = feather(mask, 3)[..., None]
    blended = np.round(made[0] * weight + photo.astype(np.float32) * (1 - weight)).astype(np.uint8)
    assert np.array_equal(made[1], blended) and not np.array_equal(made[1], made[0])


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
    remover = DiffusersRemover(Weights(pipeline_folder), settings, Setup(batch_size=2))
    calls = {"unet": 0, "text": 0}
    unet, text = remover._pipeline.unet, remover._pipeline.text_encoder
    rows = []  # of the batches that the UNet sees: two batches of two, with their padding
    unet.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    unet.register_forward_pre_hook(lambda *_: calls.__setitem__("unet", calls["unet"] + 1))
    text.register_forward_pre_hook(lambda *_: calls.__setitem__("text", calls["text"] + 1))
    photos, masks = zip(*(make_photo(seed) for seed in range(3)), strict=True)
    filled = remover.fill(photos, masks, [1, 2, 3])
    assert calls == {"unet": 2 * 4, "text": 0}  # two batches; with guidance both halves go through at once
    per_photo = sum(rows) / 4
    assert remover.evaluations == count_unet_evaluations(settings) == per_photo == (8 if guidance > 1 else 4)
    assert all(np.array_equal(f[~m], p[~m]) for f, m, p in zip(filled, masks, photos, strict=True))
    assert ("negative_prompt_embeds" in remover._prompts) == (guidance > 1)


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


@pytest.mark.parametrize(("steps", "strength"), [(4, 0.99), (20, 0.9999), (10, 1.0), (7, 0.33), (1, 0.05)])
def test_ask_for_steps(steps, strength):
    assert int(ask_for_steps(steps, strength) * strength) == steps


@pytest.fixture(scope="module")
def folders(tmp_path_factory, pipeline_folder):
    """Tiny pipelines by kind: UNets that see the mask and one that does not, and SDXL's two text towers."""
    folder = tmp_path_factory.mktemp("kinds")
    return {
        "sd": pipeline_folder,
        "sd_plain": save_tiny_inpainter(folder / "plain", sees_mask=False),
        "sdxl": save_tiny_xl_inpainter(folder / "xl"),
    }


def load(folder, batch_size=3, lora=None, tiny_vae=None, **changes):
    return DiffusersRemover(Weights(folder, lora, tiny_vae), SETTINGS | changes, Setup(batch_size=batch_size))


def count_evaluations(remover):
    """Return a list that grows by one at each evaluation of the UNet."""
    calls = []
    remover._pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


@pytest.mark.parametrize("scheduler", [None, *SCHEDULERS])
@pytest.mark.parametrize(("kind", "strength"), [("sd", 1.0), ("sd", 0.6), ("sd_plain", 0.6), ("sdxl", 0.99)])
def test_every_scheduler_makes_its_steps_and_knows_no_batch_mates(folders, kind, scheduler, strength):
    remover = load(folders[kind], scheduler=scheduler, strength=strength, steps=4)
    calls = count_evaluations(remover)
    photos, masks = zip(*(make_photo(seed) for seed in range(3)), strict=True)
    together = remover.fill(photos, masks, [5, 6, 7])
    assert len(calls) == 4
    permuted = remover.fill(photos[::-1], masks[::-1], [7, 6, 5])[::-1]
    alone = remover.fill(photos[1:2], masks[1:2], [6])
    for first, second in [*zip(together, permuted, strict=True), (together[1], alone[0])]:
        assert np.array_equal(first, second)
    assert not np.array_equal(remover.fill(photos[1:2], masks[1:2], [8])[0], alone[0])


def make_inputs(count=1):
    generator = torch.Generator().manual_seed(1)
    image = torch.rand((count, 3, 16, 16), generator=generator)
    hole = torch.zeros((count, 1, 16, 16))
    hole[:, :, 4:10, 6:12] = 1
    return image, hole


def call_plainly(remover, photo, hole, seed, **given):
    """Paint one photo as a user of diffusers would: the pipeline's own encoding and noise."""
    settings = {
        "prompt": "background",
        "image": photo,
        "mask_image": hole,
        "height": 16,
        "width": 16,
        "num_inference_steps": remover._steps,
        "strength": remover._settings["strength"],
        "guidance_scale": remover._settings["guidance"],
        "generator": torch.Generator("cpu").manual_seed(seed),
        "output_type": "pt",
    }
    with torch.inference_mode():
        return remover._pipeline(**settings | given).images


def narrow_posterior(remover):
    """Make the VAE's posterior so narrow that a sample of it is its mode."""
    last = remover._pipeline.vae.quant_conv
    with torch.no_grad():
        last.weight[4:], last.bias[4:] = 0, -30


@pytest.mark.parametrize("scheduler", [None, *SCHEDULERS])
@pytest.mark.parametrize("kind", ["sd", "sdxl"])
def test_at_full_strength_it_paints_what_the_plain_pipeline_paints(folders, kind, scheduler):
    remover = load(folders[kind], scheduler=scheduler, guidance=2.0, steps=3)
    narrow_posterior(remover)
    image, hole = make_inputs()
    if scheduler in (
        "lcm",
        "euler_a",
    ):  # the posterior's draw comes between the first noise and that of the steps
        given = {"masked_image_latents": remover._encode((image * 2 - 1) * (hole < 0.5))}
    else:
        given = {}
    painted, plain = remover._paint(image, hole, [3]), call_plainly(remover, image, hole, 3, **given)
    assert (painted - plain).abs().max() < 1e-4
    assert (painted - call_plainly(remover, image, hole, 4, **given)).abs().max() > 1e-3


@pytest.mark.parametrize("scheduler", [None, *SCHEDULERS])
@pytest.mark.parametrize("kind", ["sd", "sd_plain", "sdxl"])
def test_below_full_strength_it_starts_where_the_plain_pipeline_starts(folders, kind, scheduler):
    remover = load(folders[kind], scheduler=scheduler, strength=0.6, steps=3)
    image, hole = make_inputs()
    latents, masked = (remover._encode(x) for x in (image * 2 - 1, (image * 2 - 1) * (hole < 0.5)))
    given = {"image": latents, "masked_image_latents": masked}
    painted, plain = remover._paint(image, hole, [3]), call_plainly(remover, image, hole, 3, **given)
    assert (painted - plain).abs().max() < 1e-4
    if kind != "sd_plain":  # what the pipeline makes of bare noise, given as latents, is something else
        noise = torch.randn((1, 4, 8, 8), generator=torch.Generator("cpu").manual_seed(3))
        assert (painted - call_plainly(remover, image, hole, 3, latents=noise, **given)).abs().max() > 1e-3


def test_latents_are_encoded_once_for_the_whole_batch(folders, monkeypatch):
    for kind, strength, encoded in (("sd", 1.0, 1), ("sd", 0.6, 2), ("sd_plain", 1.0, 1), ("sdxl", 0.6, 2)):
        remover = load(folders[kind], strength=strength)
        vae, sizes = remover._pipeline.vae, []
        encode = vae.encode
        monkeypatch.setattr(
            vae, "encode", lambda x, encode=encode, sizes=sizes: sizes.append(len(x)) or encode(x)
        )
        photos, masks = zip(*(make_photo(seed) for seed in range(3)), strict=True)
        remover.fill(photos, masks, [1, 2, 3])
        assert sizes == [3] * encoded, (kind, strength)


def test_a_tiny_vae_takes_the_place_of_the_pipelines(folders, tmp_path):
    tiny = save_tiny_vae(tmp_path / "tiny_vae")
    remover = load(folders["sd"], tiny_vae=tiny, strength=0.6)
    assert type(remover._pipeline.vae).__name__ == "AutoencoderTiny" and remover.name.endswith("+tiny_vae")
    photos, masks = zip(*(make_photo(seed) for seed in range(2)), strict=True)
    filled = remover.fill(photos, masks, [1, 2])
    usual = load(folders["sd"], strength=0.6).fill(photos, masks, [1, 2])
    for photo, mask, one, other in zip(photos, masks, filled, usual, strict=True):
        assert np.array_equal(one[~mask], photo[~mask]) and not np.array_equal(one, other)


def test_a_lora_is_fused_into_the_weights(folders, tmp_path):
    path = save_tiny_lora(folders["sd"], tmp_path / "fast.safetensors")
    weights = Weights(folders["sd"], lora=path, fingerprint="0123456789abcdef")
    remover = load_remover(SETTINGS | {"scheduler": "lcm"}, weights, Setup(batch_size=2))
    assert remover.name.endswith("+fast-01234567")
    unet, bare = remover._pipeline.unet, load(folders["sd"])._pipeline.unet
    fused, before = unet.state_dict(), bare.state_dict()
    assert list(fused) == list(before)  # no layer stays behind to cost time
    changed = {name for name in fused if not torch.equal(fused[name], before[name])}
    assert changed and all(name.split(".")[-2] in ("to_q", "to_k", "to_v") for name in changed)
    photo, mask = make_photo(1)
    assert np.array_equal(remover.fill([photo], [mask], [1])[0][~mask], photo[~mask])


def test_the_smallest_crop_is_what_the_config_says(pipeline_folder):
    photo, mask = make_photo(0, 60, 60)
    for smallest, side in ((None, 16), (40, 40), (8, 14)):
        crop = load(pipeline_folder, smallest_crop=smallest).prepare(photo, mask)[0]
        assert crop.side == side


def test_clear_errors(tmp_path, pipeline_folder):
    with pytest.raises(RemovalError, match="model_index.json"):
        load(tmp_path)
    with pytest.raises(RemovalError, match="edits.size: 15"):
        load(pipeline_folder, size=15)
    with pytest.raises(RemovalError, match="4 or 9 input channels"):
        load(save_tiny_inpainter(tmp_path / "three", latent_channels=3))
    (tmp_path / "lora.bin").touch()
    with pytest.raises(RemovalError, match="edits.lora"):
        load(pipeline_folder, lora=tmp_path / "lora.bin")
