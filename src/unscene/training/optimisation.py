"""What of a model is trained, and how: frozen towers, LoRA, AdamW with its schedule, a moving
average of the weights.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

LORA_TARGETS = [
    "attn",
    "c_fc",
    "c_proj",
]  # `out_proj` of an attention is inside `attn`; named alone it would train nothing
ADAPTER = "default"
SCALES = ("logit_scale", "logit_bias")


def freeze(model, tower: str | None, train_temperature: bool, unlocked: dict[str, int] | None = None) -> None:
    """Freeze a tower (`image` or `text`; None: neither) and, unless it is to be trained, the temperature.

    unlocked: of a tower so many last groups of layers are trained, as open_clip counts them: the
    projection, the last block with its norm, the block before it ... The tower's other layers are
    frozen.
    """
    for name, parameter in model.named_parameters():
        is_scale = name in SCALES
        is_image = name.startswith("visual.")
        frozen = not train_temperature if is_scale else tower == ("image" if is_image else "text")
        parameter.requires_grad_(not frozen)
    for name, groups in (unlocked or {}).items():
        lock = model.lock_image_tower if name == "image" else model.lock_text_tower
        lock(groups)


def add_lora(model, rank: int, seed: int) -> Callable[[], None]:
    """Put low-rank adapters (peft, alpha = rank) into a CLIP's attentions and MLPs, in place; only
    these are trained.

    Returns a function that merges them into the weights. It first puts the untouched weights back:
    peft's attention layer adds and subtracts its update at every forward pass, which leaves
    rounding errors in them. Hu et al. 2022, "LoRA".
    """
    import torch
    from peft import LoraConfig, LoraModel

    original = {name: value.detach().clone() for name, value in model.state_dict().items()}
    kept = [
        parameter
        for name, parameter in model.named_parameters()
        if name in SCALES and parameter.requires_grad
    ]
    frozen_towers = {
        name.startswith("visual.")
        for name, parameter in model.named_parameters()
        if name not in SCALES and not parameter.requires_grad
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = LoraConfig(r=rank, lora_alpha=rank, lora_dropout=0.0, target_modules=LORA_TARGETS)
        tuner = LoraModel(model, config, ADAPTER)
    for name, parameter in model.named_parameters():
        if "lora_" in name and name.startswith("visual.") in frozen_towers:
            parameter.requires_grad_(False)
    for parameter in kept:
        parameter.requires_grad_(True)

    def merge() -> None:
        with torch.no_grad():
            for name, value in model.state_dict(keep_vars=True).items():
                plain = name.replace(".base_layer", "")
                if plain in original and plain not in SCALES:
                    value.copy_(original[plain])
        tuner.merge_and_unload()

    return merge


def make_optimizer(model, settings: dict) -> tuple["torch.optim.Optimizer", Callable[[int], float]]:
    """Return (AdamW, schedule) of the parameters that require gradients: betas .9/.98, eps 1e-6, no
    decay on biases, norms and other weights of less than two dimensions.

    `schedule(step)` is the learning rate: linear warm-up, then cosine to zero.
    """
    import torch

    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": settings["weight_decay"]},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings["learning_rate"],
        betas=(0.9, 0.98),
        eps=1e-6,
        fused=True,
    )
    peak, warmup, steps = settings["learning_rate"], settings["warmup_steps"], settings["steps"]

    def schedule(step: int) -> float:
        if step < warmup:
            return peak * (step + 1) / warmup
        return peak * 0.5 * (1 + float(np.cos(np.pi * (step - warmup) / max(1, steps - warmup))))

    return optimizer, schedule


def update_average(teacher, model, decay: float) -> None:
    """Move a teacher's weights towards a model's, in place: teacher = decay teacher + (1 - decay) model."""
    import torch

    with torch.no_grad():
        torch._foreach_lerp_(list(teacher.parameters()), list(model.parameters()), 1 - decay)
