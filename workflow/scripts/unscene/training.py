"""Fine-tuning of CLIP on pairs: one compact loop for all arms.

Everything that is drawn (order, crops, flips, which caption of an edit) comes from (seed, fold, training seed, step) and
never from the arm, so all arms of a fold and seed see the same photos in the same order under the same augmentation.
The temperature is frozen in every arm: it would otherwise absorb part of what the losses are compared on.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.clip_models import (
    CONFIG_NAME,
    can_cut_texts,
    encode_texts,
    get_normalisation,
    get_text_lengths,
    load_clip,
    save_clip,
    to_pixels,
    tokenize,
)
from unscene.engine import prepare_torch
from unscene.logs import library_version, progress
from unscene.losses import get_pair_truth, info_nce, masked_multi_positive, pair_ranking
from unscene.pairs import CAPTIONS, PairError, PairSet, find_long_pairs, load_pairs
from unscene.samplers import BatchPlan, plan_batches
from unscene.seeds import derive_seed

LOSS_NAME = "loss.csv"
CHECK_EVERY_STEPS = 25
LIBRARIES = ("torch", "open_clip_torch", "numpy", "safetensors")
A, B, N = range(3)  # caption_original, caption_without, caption_negated


class TrainingError(RuntimeError):
    """A training run that cannot go on."""


def fine_tune(
    pair: pd.DataFrame,
    path_to_clip: str | Path,
    path_to_model: str | Path,
    name: str,
    arm: dict,
    settings: dict,
    seeds: tuple[int, int | str, int],
    runtime: dict,
    device: str,
    threads: int,
    settings_hash: str,
) -> None:
    """Train one arm on pairs and write the model folder: open_clip config and weights, meta.json, loss.csv.

    settings: the keys of `train` (steps, batch_pairs, learning_rate ...). seeds: (config seed, fold, training seed).
    Pairs with a caption longer than the model's context are left out and counted in meta.json.
    """
    import torch

    prepare_torch(device, threads)
    model, preprocess, tokenizer = load_clip(path_to_clip, device)
    long = find_long_pairs(pair, tokenizer)
    if long.all():
        raise PairError("every pair has a caption longer than the context of train.clip")
    pairs = load_pairs(pair[~long], preprocess, runtime["workers"])
    seed, fold, training_seed = seeds
    plan = plan_batches(
        pairs.table["group"].to_numpy(), settings["steps"], settings["batch_pairs"], arm["batches"],
        derive_seed(seed, fold, training_seed),
    )  # fmt: skip
    shown = plan.first.size + plan.second.size
    logging.getLogger("unscene").info(
        "%s on %d pairs: %d steps of %d photos, %.1f passes", name, len(pairs), settings["steps"],
        2 * settings["batch_pairs"], shown / (2 * len(pairs)),
    )  # fmt: skip
    curve = train_arm(
        model, tokenizer, pairs, plan, arm, settings, seeds,
        normalisation=get_normalisation(preprocess), autocast=device == "cuda" and runtime["precision"] != "float32",
    )  # fmt: skip
    meta = {
        "arm": name, "arm_settings": arm, "fold": fold, "training_seed": training_seed, "seed": seed,
        "train_settings": settings, "settings_hash": settings_hash, "data_hash": pairs.get_data_hash(),
        "pairs": len(pairs), "groups": int(pairs.table["group"].nunique()), "pairs_too_long": int(long.sum()),
        "steps": settings["steps"], "samples_seen": int(shown), "device": device, "threads": torch.get_num_threads(),
        "precision": runtime["precision"] if device == "cuda" else "float32", "loss_curve": LOSS_NAME,
        "versions": {library: library_version(library) for library in LIBRARIES},
    }  # fmt: skip
    table = curve.to_csv(index=False, float_format="%.7g", lineterminator="\n")
    save_clip(model, Path(path_to_clip) / CONFIG_NAME, path_to_model, meta, {LOSS_NAME: table})


def train_arm(
    model,
    tokenizer,
    pairs: PairSet,
    plan: BatchPlan,
    arm: dict,
    settings: dict,
    seeds: tuple,
    normalisation: tuple[list[float], list[float]],
    autocast: bool = False,
) -> pd.DataFrame:
    """Train a model in place and return its loss curve: `step loss contrast rank gradient_norm learning_rate`.

    Weights and optimizer stay in fp32; with `autocast` the towers compute in bfloat16. Raises TrainingError when the
    loss is no longer finite.
    """
    import torch

    device = next(model.parameters()).device
    photos = _place_photos(pairs.photos, device)
    texts, text_id = np.unique(pairs.table[CAPTIONS].to_numpy().astype(str), return_inverse=True)
    text_id = text_id.reshape(len(pairs), 3)
    tokens = tokenize(tokenizer, texts)
    lengths = (
        get_text_lengths(tokens) if can_cut_texts(model) else torch.full((len(tokens),), tokens.shape[1])
    )
    second_at = pairs.edited_at if arm["images"] == "both" else pairs.original_at
    optimizer, schedule = make_optimizer(model, settings)
    temperature = model.logit_scale.detach().exp()
    steps, rows = settings["steps"], []
    model.train()
    for step in progress(range(steps), total=steps, desc="training", unit="step"):
        rng = np.random.default_rng(derive_seed(*seeds, "step", step))
        first, second = plan.first[step], plan.second[step]
        views, vague = (
            draw_views(rng, len(first), settings["crop_scale"], arm["batches"] == "paired"),
            rng.random(len(second)),
        )
        shown = np.concatenate([pairs.original_at[first], second_at[second]])
        chosen = choose_texts(text_id, first, second, arm, vague < 0.5)
        cut = int(lengths[chosen].max())
        pixels = to_pixels(photos[torch.from_numpy(shown).to(photos.device)].to(device), *normalisation)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            image = model.encode_image(crop_and_flip(pixels, *views), normalize=True)
            text = encode_texts(model, tokens[torch.from_numpy(chosen), :cut].to(device))
        z = temperature * image.float() @ text.float().T
        contrast, rank = compute_loss(z, arm["loss"], torch.from_numpy(chosen).to(device))
        loss = contrast + settings["rank_weight"] * rank if rank is not None else contrast
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        missing = loss.new_tensor(float("nan"))
        rows.append(torch.stack([loss, contrast, missing if rank is None else rank, norm]).detach())
        if (step + 1) % CHECK_EVERY_STEPS == 0 or step + 1 == steps:
            _check_finite(rows, schedule(step))
    model.eval()
    values = torch.stack(rows).cpu().numpy()
    curve = pd.DataFrame(values, columns=["loss", "contrast", "rank", "gradient_norm"])
    curve.insert(0, "step", np.arange(1, steps + 1))
    curve["learning_rate"] = [schedule(step) for step in range(steps)]
    return curve


def make_optimizer(model, settings: dict) -> tuple:
    """Return (AdamW, schedule): betas .9/.98, eps 1e-6, no decay on biases, norms and other one-dimensional weights.

    The temperature is frozen. `schedule(step)` is the learning rate: linear warm-up, then cosine to zero.
    """
    import torch

    for name, parameter in model.named_parameters():
        if name in ("logit_scale", "logit_bias"):
            parameter.requires_grad_(False)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": settings["weight_decay"]},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=settings["learning_rate"], betas=(0.9, 0.98), eps=1e-6, fused=True
    )
    peak, warmup, steps = settings["learning_rate"], settings["warmup_steps"], settings["steps"]

    def schedule(step: int) -> float:
        if step < warmup:
            return peak * (step + 1) / warmup
        return peak * 0.5 * (1 + float(np.cos(np.pi * (step - warmup) / max(1, steps - warmup))))

    return optimizer, schedule


def choose_texts(
    text_id: np.ndarray, first: np.ndarray, second: np.ndarray, arm: dict, vague: np.ndarray
) -> np.ndarray:
    """Return the texts of a batch as positions in the table of unique texts, int64.

    InfoNCE: one for each photo, in the photos' order: its original caption for an original; for an edit the negated
    caption, or the one that does not name the object where `vague` (plain texts: always). mask_rank: a, b and n of each pair.
    """
    if arm["loss"] == "mask_rank":
        return np.concatenate([text_id[first, kind] for kind in (A, B, N)])
    if arm["images"] == "originals":
        own = text_id[second, A]
    elif arm["texts"] == "plain":
        own = text_id[second, B]
    else:
        own = np.where(vague, text_id[second, B], text_id[second, N])
    return np.concatenate([text_id[first, A], own])


def compute_loss(z, loss: str, text_id) -> tuple:
    """Return (contrast, ranking or None) of a batch's logits z (photos, texts)."""
    if loss == "infonce":
        return info_nce(z), None
    pairs = len(z) // 2
    positive, negative = get_pair_truth(text_id.reshape(3, pairs))
    present, negated = z[:, :pairs], z[:, 2 * pairs :]
    ranking = pair_ranking(
        present[:pairs].diagonal(),
        negated[:pairs].diagonal(),
        present[pairs:].diagonal(),
        negated[pairs:].diagonal(),
    )
    return masked_multi_positive(z, positive, negative), ranking


def draw_views(rng: np.random.Generator, pairs: int, crop_scale: float, paired: bool) -> tuple:
    """Draw a square crop (share of the side, centre in -1..1 coordinates) and a flip for each photo of a batch.

    A pair's two photos get the same view when they share the batch: a view must not tell them apart. The draws are the
    same in either case. Returns (side, x, y, flip), each (2 pairs,).
    """
    draws = rng.random((4, 2 * pairs))
    if paired:
        draws[:, pairs:] = draws[:, :pairs]
    side = np.sqrt(crop_scale + (1 - crop_scale) * draws[0])
    room = 1 - side
    return side, room * (2 * draws[1] - 1), room * (2 * draws[2] - 1), draws[3] < 0.5


def crop_and_flip(pixels, side: np.ndarray, x: np.ndarray, y: np.ndarray, flip: np.ndarray):
    """Crop each photo (photos, 3, height, width) to its view and scale it back to full size, bilinearly."""
    import torch
    from torch.nn import functional

    zero = np.zeros_like(side)
    theta = np.stack([np.stack([np.where(flip, -side, side), zero, x], 1), np.stack([zero, side, y], 1)], 1)
    theta = torch.from_numpy(theta.astype(np.float32)).to(pixels.device)
    grid = functional.affine_grid(theta, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _place_photos(photos: np.ndarray, device):
    """Keep the cache on the GPU when it takes less than half of its free memory, else in host memory."""
    import torch

    photos = torch.from_numpy(photos)
    if device.type == "cuda" and photos.numel() < torch.cuda.mem_get_info(device)[0] / 2:
        return photos.to(device)
    return photos


def _check_finite(rows: list, learning_rate: float) -> None:
    import torch

    recent = torch.stack(rows[-CHECK_EVERY_STEPS:])[:, 0]
    if not torch.isfinite(recent).all():
        raise TrainingError(
            f"the loss is not finite by step {len(rows)} (learning rate {learning_rate:.2g}); lower train.learning_rate"
        )
