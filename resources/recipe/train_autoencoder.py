"""Train the inpainter's autoencoder: 64 x 64 photos to 4 x 32 x 32 latents and back."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from recipe_data import SEEDS, load_removals
from training import psnr, train


def build_autoencoder():
    """A small AutoencoderKL that halves the side once; the scaling factor is set after training."""
    torch.manual_seed(SEEDS["removal"])
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(24, 48),
        layers_per_block=1,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )


def to_tensor(photos):
    """uint8 (n, 64, 64, 3) to float (n, 3, 64, 64) in -1..1, channels last."""
    tensor = torch.from_numpy(photos).permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1
    return tensor.contiguous(memory_format=torch.channels_last)


def train_autoencoder(work, scenes, steps, batch=8, lr=2e-3):
    """Train on photos and truths, set the scaling factor, save to `work/vae` and return its path."""
    data = load_removals(work, SEEDS["removal"], scenes)
    model = build_autoencoder().to(memory_format=torch.channels_last)

    def loss_of_step(model, rng, step):
        photos, truths = data["photos"], data["truth"]
        half = batch // 2
        pixels = [
            photos[rng.integers(len(photos), size=half)],
            truths[rng.integers(len(truths), size=batch - half)],
        ]
        pixels = to_tensor(torch.cat([torch.from_numpy(p) for p in pixels]).numpy())
        if rng.random() < 0.5:
            pixels = pixels.flip(-1)
        if rng.random() < 0.5:  # the pipeline also encodes photos with a gray hole
            x, y = rng.integers(0, 48, 2)
            pixels[: batch // 2, :, y : y + 20, x : x + 14] = 0
        with torch.autocast("cpu", torch.bfloat16):  # a fifth faster than float32 here
            posterior = model.encode(pixels).latent_dist
            restored = model.decode(posterior.sample()).sample
        error = restored.float() - pixels
        return error.abs().mean() + 2 * error.square().mean() + 1e-7 * posterior.kl().float().mean()

    out = Path(work) / "vae"

    def export(model, step):
        latents = []
        with torch.no_grad():
            for start in range(0, 256, 32):
                latents.append(model.encode(to_tensor(data["photos"][start : start + 32])).latent_dist.mode())
        model.register_to_config(scaling_factor=round(1 / float(torch.cat(latents).std()), 5))
        model.save_pretrained(out)
        held_out = load_removals(work, SEEDS["held_out"], 500)["photos"][:128]
        figure = psnr(measure_autoencoder(model, held_out))
        print(f"step {step}: held-out PSNR {figure:.2f} dB", flush=True)
        (out / "figures.json").write_text(json.dumps({"psnr": figure, "steps": step}))

    train(model, loss_of_step, Path(work) / "autoencoder.ckpt", steps, lr, SEEDS["removal"], export=export)
    return out


@torch.no_grad()
def measure_autoencoder(model, photos, batch=32):
    """Mean squared error in 0..1 of photos after encoding (mode) and decoding, rounded to 8 bits."""
    total = 0.0
    for start in range(0, len(photos), batch):
        pixels = to_tensor(photos[start : start + batch])
        restored = model.decode(model.encode(pixels).latent_dist.mode()).sample.clamp(-1, 1)
        restored = ((restored + 1) * 127.5).round() / 127.5 - 1
        total += float(((restored - pixels) / 2).square().mean()) * len(pixels)
    return total / len(photos)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="build/embedded")
    parser.add_argument("--scenes", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train_autoencoder(arguments.work, arguments.scenes, arguments.steps)
