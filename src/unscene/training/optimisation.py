"""What of a model is trained, and how: frozen towers, LoRA, AdamW with its schedule, a moving
average of the weights.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

# Parts at the ends of a tower: what maps it into the common space, and what first sees the pixels.
_ENDS = {"text_projection", "head", "stem"}
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


class TowerError(ValueError):
    """A CLIP whose towers cannot be trained as an arm asks."""


def list_lora_targets(model) -> list[str]:
    """Return the names of the modules that get adapters: by kind, since each family has names of its own.

    These are the attentions of torch (the projections in them belong to them, and named alone would
    train nothing), the linear layers of MLPs and of attentions that others wrote, and pointwise
    convolutions, which are linear layers, too.
    """
    from torch import nn

    attentions = {
        name: module for name, module in model.named_modules() if isinstance(module, nn.MultiheadAttention)
    }
    inside = tuple(f"{name}." for name in attentions)
    others = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) or isinstance(module, nn.Conv2d) and _is_pointwise(module)
    ]
    # peft knows no adapter for an attention whose queries are narrower than its keys, as poolers have them.
    same = [name for name, module in attentions.items() if module.in_proj_weight is not None]
    return same + [
        name for name in others if not name.startswith(inside) and not _ENDS.intersection(name.split("."))
    ]


def _is_pointwise(module) -> bool:
    return module.kernel_size == (1, 1) and module.groups == 1


def check_towers(model, arm: dict) -> None:
    """Raise TowerError when this CLIP cannot be trained as an arm asks. Leaves the model frozen as
    the arm wants it, and without adapters.
    """
    try:
        freeze(model, arm.get("freeze"), False, arm.get("unlocked"))
    except (AssertionError, NotImplementedError, AttributeError, TypeError) as error:
        raise TowerError(
            f"unlocked: the tower of this CLIP cannot be trained by groups of layers"
            f" ({error or type(error)}); use freeze, or another CLIP"
        ) from error
    if not arm.get("lora_rank"):
        return
    for name in {"image", "text"} - {arm.get("freeze")}:
        if not any(target.startswith("visual.") == (name == "image") for target in list_lora_targets(model)):
            raise TowerError(
                f"lora_rank: the {name} tower of this CLIP has no layer that takes an adapter;"
                f" freeze: {name}, or another CLIP"
            )


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
        targets = list_lora_targets(model)
        config = LoraConfig(r=rank, lora_alpha=rank, lora_dropout=0.0, target_modules=targets)
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


def copy_weights(model) -> dict:
    """Return a copy of a model's state."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def interpolate_weights(untuned: dict, tuned: dict, alpha: float) -> dict:
    """Return the state dict between two of one architecture; ValueError when their names or shapes differ.

        theta(alpha) = (1 - alpha) theta_untuned + alpha theta_tuned

    Wortsman et al. 2022, "Robust Fine-Tuning of Zero-Shot Models" (WiSE-FT).
    """
    if untuned.keys() != tuned.keys():
        raise ValueError(
            f"weights of two architectures: {sorted(untuned.keys() ^ tuned.keys())[:3]} are in one only"
        )
    return {
        name: (value + alpha * (tuned[name].to(value) - value)) if value.is_floating_point() else tuned[name]
        for name, value in untuned.items()
    }


def update_average(teacher, model, decay: float) -> None:
    """Move a teacher's weights towards a model's, in place: teacher = decay teacher + (1 - decay) model."""
    import torch

    with torch.no_grad():
        torch._foreach_lerp_(list(teacher.parameters()), list(model.parameters()), 1 - decay)
