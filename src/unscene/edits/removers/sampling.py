"""How often a diffusion model is evaluated for one photo: for the remover, and for the plan of a
run. Cheap to import.
"""

import math


def ask_for_steps(steps: int, strength: float) -> int:
    """Return the steps to ask a pipeline for, so that `steps` are made: it makes int(asked * strength)."""
    asked = math.floor(steps / strength)
    while int(asked * strength) < steps:
        asked += 1
    return asked


def is_guided(settings: dict, embeds_guidance: bool = False) -> bool:
    """Tell whether each step evaluates the UNet with and without the prompt. `settings`: the
    config's block `edits`.

    embeds_guidance: the UNet takes the guidance scale as an input (some distilled ones do) and
    needs no second evaluation.
    """
    return settings["guidance"] > 1 and not embeds_guidance


def count_evaluations(settings: dict, embeds_guidance: bool = False) -> int:
    """Return how often the UNet is evaluated for one attempt at one photo."""
    return settings["steps"] * (2 if is_guided(settings, embeds_guidance) else 1)
