"""Checks of the config that a schema cannot express, with the key and the way out in each message."""

from pathlib import Path


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
    for key in (
        "masks.weights",
        "edits.weights",
        "edits.lora",
        "edits.tiny_vae",
        "quality.judge",
        "quality.dino",
        "train.clip",
    ):
        _check_path(config, key, checkout)
    arms = config["train"]["arms"]
    if config["deploy"]["arm"] not in arms:
        raise ConfigError(f"deploy.arm: {config['deploy']['arm']!r} is not in train.arms ({', '.join(arms)})")
    check_edits(config["edits"])
    if config["keywords"]["captions_per_prompt"] == "auto" and config["keywords"]["backend"] != "openai":
        raise ConfigError("keywords.captions_per_prompt: auto needs keywords.backend: openai; give a number")
    for name, arm in arms.items():
        check_arm(name, arm)
    check_quality(config["quality"])
    masks = config["masks"]
    if masks["min_area"] >= masks["max_area"]:
        raise ConfigError("masks.min_area must be smaller than masks.max_area")


def check_quality(quality: dict) -> None:
    """Raise ConfigError on a policy that lacks what it decides by, and on bins that are not in order."""
    if quality["policy"] == "calibrated" and not quality["controls"]:
        raise ConfigError(
            "quality.policy: calibrated takes its cuts from controls; set quality.controls (200)"
        )
    if quality["policy"] == "certified" and not quality["labels"]:
        raise ConfigError(
            "quality.policy: certified needs labels; label edits (make label) and set quality.labels: state/labels"
        )
    if quality["size_bins"] != sorted(quality["size_bins"]):
        raise ConfigError(f"quality.size_bins: {quality['size_bins']} must ascend")


def check_edits(edits: dict) -> None:
    """Raise ConfigError when the backend of the edits lacks its weights or is given what it cannot use."""
    backend = edits["backend"]
    needed = {"diffusers": "a diffusers inpainting folder", "lama": "a TorchScript or ONNX file"}
    if backend in needed and not edits["weights"]:
        raise ConfigError(f"edits.weights: the backend {backend} needs the path of {needed[backend]}")
    for key in ("lora", "tiny_vae", "scheduler"):
        if edits[key] and backend != "diffusers":
            raise ConfigError(f"edits.{key}: the backend {backend} has no use for it; set it to null")


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
