"""Train the inpainter: a latent diffusion model that paints the background behind a masked object."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel
from recipe_data import SEEDS, compose_scene, load_removals
from train_autoencoder import to_tensor
from training import replace_folder, train
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from unscene.scenes import write_captions

PROMPTS = ("", "background")
WIDTH = 32  # of the text encoder


def build_text(folder):
    """A tokenizer with the captions' own words as vocabulary, and a two-layer text encoder, untrained.

    The model learns removal, which the words do not steer; the encoder is there because the pipeline has one.
    """
    words = Counter()
    for index in range(500):
        for sentence, _ in write_captions(
            compose_scene(SEEDS["removal"], index), np.random.default_rng(index)
        ):
            words.update(re.findall(r"[a-z]+", sentence.lower()))
    words.update(re.findall(r"[a-z]+", "a photo of a background an empty place"))
    letters = [chr(code) for code in range(33, 127)]
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    merges = []
    for word in sorted(words):  # merge each word letter by letter, so that it becomes one token
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            merge = (parts[0], parts[1])
            if merge not in merges:
                merges.append(merge)
                tokens.append("".join(merge))
            parts = ["".join(merge), *parts[2:]]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocabulary[special] = len(vocabulary)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)
    torch.manual_seed(SEEDS["removal"])
    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=16,
            bos_token_id=vocabulary["<|startoftext|>"],
            eos_token_id=vocabulary["<|endoftext|>"],
            pad_token_id=vocabulary["<|endoftext|>"],
        )
    ).eval()
    return tokenizer, encoder


def build_unet():
    torch.manual_seed(SEEDS["removal"])
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=9,
        out_channels=4,
        block_out_channels=(48, 80, 112),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=16,
        norm_num_groups=8,
    )


def build_scheduler():
    """DDIM on the velocity, with no signal left at the last step, so that few steps from pure noise
    are exact.
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=0,
    )


def random_hole(mask, rng):
    """The mask as a removal would widen it: dilated by 1-4 px, sometimes shifted, boxed or drawn
    downwards.
    """
    radius = int(rng.integers(1, 5))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    hole = cv2.dilate(mask.astype(np.uint8), kernel)
    if radius < 2 or rng.random() < 0.3:  # room for the shadow below
        hole |= np.roll(hole, 2, axis=0) if hole[-2:].sum() == 0 else 0
    chance = rng.random()
    if chance < 0.1:
        rows, columns = np.nonzero(hole.any(1))[0], np.nonzero(hole.any(0))[0]
        hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = 1
    elif chance < 0.2:
        hole |= np.roll(hole, rng.integers(-2, 3, 2), axis=(0, 1))
    return hole.astype(bool)


def random_blob(rng):
    """A hole on a scene that keeps its contents: a few joined ellipses."""
    hole = np.zeros((64, 64), np.uint8)
    x, y = rng.uniform(8, 56, 2)
    for _ in range(int(rng.integers(1, 4))):
        centre = (int(x + rng.uniform(-6, 6)), int(y + rng.uniform(-6, 6)))
        axes = (int(rng.integers(3, 12)), int(rng.integers(3, 14)))
        cv2.ellipse(hole, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return hole.astype(bool)


def draw_batch(data, rng, batch):
    """Inputs, holes and targets: uint8 (n, 64, 64, 3), bool (n, 64, 64), uint8 (n, 64, 64, 3)."""
    inputs, holes, targets = [], [], []
    usable = data["usable"]
    for _ in range(batch):
        row = usable[rng.integers(len(usable))]
        target = data["truth"][row]
        if (
            rng.random() < 0.12
        ):  # a hole in a scene as it is: the rest of a half-hidden object is background, too
            image, hole = target, random_blob(rng)
            hole = hole & ~cv2.dilate(data["others"][row].astype(np.uint8), np.ones((3, 3), np.uint8)).astype(
                bool
            )
            if hole.sum() < 12:
                image, hole = data["photos"][data["photo"][row]], random_hole(data["mask"][row], rng)
        else:
            image, hole = data["photos"][data["photo"][row]], random_hole(data["mask"][row], rng)
        if rng.random() < 0.5:
            image, hole, target = image[:, ::-1], hole[:, ::-1], target[:, ::-1]
        inputs.append(image)
        holes.append(hole)
        targets.append(target)
    return np.stack(inputs), np.stack(holes), np.stack(targets)


def prepare(data):
    """Add which rows have a usable mask (some 12 px seen, at most 60 % of the photo) and where
    other objects are.
    """
    area = data["mask"].sum((1, 2))
    data["usable"] = np.nonzero((area >= 12) & (area <= 0.6 * 64 * 64))[0]
    seen = np.zeros((len(data["photos"]), 64, 64), bool)
    np.logical_or.at(seen, data["photo"], data["mask"])
    data["others"] = seen[data["photo"]] & ~data["mask"]
    return data


def train_inpainter(work, scenes, steps, out, batch=16, lr=1e-3):
    """Train the UNet on the latents of `work/vae`; write the whole pipeline in half precision to `out`."""
    work = Path(work)
    data = prepare(load_removals(work, SEEDS["removal"], scenes))
    vae = (
        AutoencoderKL.from_pretrained(work / "vae")
        .requires_grad_(False)
        .to(memory_format=torch.channels_last)
    )
    scale = vae.config.scaling_factor
    tokenizer, text_encoder = build_text(work / "tokenizer")
    with torch.no_grad():
        tokens = tokenizer(
            list(PROMPTS), padding="max_length", max_length=16, truncation=True, return_tensors="pt"
        )
        prompts = text_encoder(tokens.input_ids)[0]
    scheduler = build_scheduler()
    model = build_unet().to(memory_format=torch.channels_last)
    print(f"UNet: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)

    def loss_of_step(model, rng, step):
        images, holes, targets = draw_batch(data, rng, batch)
        hole = torch.from_numpy(holes)[:, None].float()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            pixels = torch.cat([to_tensor(targets), to_tensor(images) * (hole < 0.5)])
            latents = (
                vae.encode(pixels.contiguous(memory_format=torch.channels_last)).latent_dist.mode().float()
                * scale
            )
        clean, masked = latents.chunk(2)
        small = torch.nn.functional.interpolate(hole, size=(32, 32))  # nearest, as the pipeline does
        noise = torch.randn_like(clean)
        # Half of the steps near pure noise, where the content of the hole is decided and few-step
        # sampling starts.
        times = torch.from_numpy(np.where(rng.random(batch) < 0.25, 999, rng.integers(0, 1000, batch)))
        noisy = scheduler.add_noise(clean, noise, times)
        velocity = scheduler.get_velocity(clean, noise, times)
        condition = prompts[torch.from_numpy(rng.integers(0, len(PROMPTS), batch))]
        with torch.autocast("cpu", torch.bfloat16):
            guess = model(torch.cat([noisy, small, masked], 1), times, encoder_hidden_states=condition).sample
        near = torch.nn.functional.max_pool2d(hole, 4, 2, 1)
        weight = 0.1 + near + 2 * small
        error = (guess.float() - velocity).square()
        return (weight * error).sum() / (weight.sum() * 4)

    def export(model, step):
        pipeline = StableDiffusionInpaintPipeline(
            vae=vae,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            unet=model,
            scheduler=build_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        replace_folder(lambda folder: save_half(pipeline, folder), out)

    train(model, loss_of_step, work / "unet.ckpt", steps, lr, SEEDS["removal"], export=export)
    return Path(out)


def save_half(pipeline, folder):
    """Save a pipeline's weights as float16 without changing the pipeline in memory."""
    pipeline.save_pretrained(folder, safe_serialization=True)
    half = StableDiffusionInpaintPipeline.from_pretrained(folder, dtype=torch.float16, safety_checker=None)
    shutil.rmtree(folder)
    half.save_pretrained(folder, safe_serialization=True)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="build/embedded")
    parser.add_argument("--out", default="build/embedded/inpainter")
    parser.add_argument("--scenes", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train_inpainter(arguments.work, arguments.scenes, arguments.steps, arguments.out)
