"""Checks of the config that a schema cannot express, with the key and the way out in each message."""

import json
import math
from pathlib import Path

# Arms of the batch-size study of this size or more are asked in several random partitions and orders.
PERMUTED_FROM = 10


class ConfigError(ValueError):
    """A config that is valid by schema and still cannot be run."""


def check_config(config: dict, checkout: Path) -> None:
    """Raise ConfigError on contradictions between keys and on files that the config names and that are not there.

    Paths in the config are relative to the checkout.
    """
    names = [source["name"] for source in config["samples"]["sources"]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"samples.sources: the name {twice[0]!r} is used twice; each source needs its own")
    for key in ("masks.weights", "edits.weights", "quality.judge", "train.clip"):
        _check_path(config, key, checkout)
    arms = config["train"]["arms"]
    if config["deploy"]["arm"] not in arms:
        raise ConfigError(f"deploy.arm: {config['deploy']['arm']!r} is not in train.arms ({', '.join(arms)})")
    if config["edits"]["backend"] == "diffusers" and not config["edits"]["weights"]:
        raise ConfigError(
            "edits.weights: the backend diffusers needs the path of a diffusers inpainting folder"
        )
    if config["keywords"]["captions_per_prompt"] == "auto" and config["keywords"]["backend"] != "openai":
        raise ConfigError("keywords.captions_per_prompt: auto needs keywords.backend: openai; give a number")
    check_study(config, checkout)
    for name, arm in arms.items():
        check_arm(name, arm)
    masks = config["masks"]
    if masks["min_area"] >= masks["max_area"]:
        raise ConfigError("masks.min_area must be smaller than masks.max_area")


def wants_study(config: dict) -> bool:
    """Return whether the batch-size study is part of the run: `batchsize.run`, or with `auto`, when its choice is used."""
    run = config["batchsize"]["run"]
    return config["keywords"]["captions_per_prompt"] == "auto" if run == "auto" else run


def read_chosen(path: str | Path) -> int | None:
    """Return the captions per prompt that the study's chosen.json names, None while it is not there."""
    path = Path(path)
    return json.loads(path.read_text(encoding="utf-8"))["captions_per_prompt"] if path.is_file() else None


def check_study(config: dict, checkout: Path) -> None:
    """Raise ConfigError when the batch-size study would be paid for and could choose nothing.

    Without `needed` prompts in its smallest arm, rare shifts of whole prompts cannot be ruled out, so no arm can pass.
    """
    study = config["batchsize"]
    _check_path(config, "batchsize.labels", checkout)
    if config["keywords"]["captions_per_prompt"] != "auto":
        return
    if not wants_study(config):
        raise ConfigError(
            "keywords.captions_per_prompt: auto needs the study; batchsize.run must not be false"
        )
    smallest = min(study["arms"])
    prompts = study["captions"] / smallest * (study["permutations"] if smallest >= PERMUTED_FROM else 1)
    needed = math.ceil(math.log(0.05) / math.log(1 - study["margin"]))
    if prompts < needed:
        raise ConfigError(
            f"keywords.captions_per_prompt: auto needs {needed} prompts in the smallest arm of the study ({smallest} a prompt); "
            f"batchsize.captions gives {prompts:.0f}: ask more captions, or give a number here"
        )


def check_arm(name: str, arm: dict) -> None:
    """Raise ConfigError, naming the key, when the parts of an arm contradict each other. An empty arm is not trained."""
    key = f"train.arms.{name}"
    if not arm:
        return
    if arm["images"] == "originals" and (arm["batches"] == "paired" or arm["texts"] == "negated"):
        raise ConfigError(
            f"{key}: images: originals has no edits, so it needs batches: random and texts: plain"
        )
    if arm["loss"] == "mask_rank" and (arm["batches"] != "paired" or arm["texts"] != "negated"):
        raise ConfigError(
            f"{key}: loss: mask_rank compares within pairs; it needs batches: paired and texts: negated"
        )


def _check_path(config: dict, dotted: str, checkout: Path) -> None:
    value = config
    for part in dotted.split("."):
        value = value[part]
    if value and not (checkout / value).exists():
        raise ConfigError(
            f"{dotted}: {checkout / value} is not there; give the path of the weights (config/README.md)"
        )
