"""What a config means, for steps that ask it."""

import json
from collections.abc import Sequence
from pathlib import Path

# Sizes of the batch-size study from this one on are asked in several random partitions and orders.
PERMUTED_FROM = 10
DETECTORS = ("masks.weights", "quality.judge")
# Keys whose value is the path of weights.
WEIGHTS = (
    *("masks.weights", "edits.weights", "edits.lora", "edits.tiny_vae"),
    *("quality.judge", "quality.dino", "train.clip"),
)
# Keys whose value is the path of a file that people made.
MADE_BY_PEOPLE = ("batchsize.labels",)
PATHS = (*WEIGHTS, *MADE_BY_PEOPLE)


class ConfigError(ValueError):
    """A config that is valid by schema and still cannot be run."""


def choose_files(directory: Path, given: Sequence[Path]) -> list[Path]:
    """Return the files that --configfile gave; without any the config.yaml that `unscene new` wrote into
    the run's directory, if it is there.
    """
    written = directory / "config.yaml"
    return list(given) or ([written] if written.is_file() else [])


def wants_study(config: dict) -> bool:
    """Return whether the batch-size study is part of the run: `batchsize.run`, or with `auto`, when
    its choice is used.
    """
    run = config["batchsize"]["run"]
    return config["keywords"]["captions_per_prompt"] == "auto" if run == "auto" else run


def read_chosen(path: str | Path, model: str | None = None) -> int | None:
    """Return the captions per prompt that the study's chosen.json names, None while it is not there.

    model: the one that the keywords ask; ConfigError where the study asked another one.
    """
    path = Path(path)
    if not path.is_file():
        return None
    chosen = json.loads(path.read_text(encoding="utf-8"))
    if model is not None and chosen["study"]["model"] != model:
        raise ConfigError(
            f"keywords.captions_per_prompt: auto takes the number from {path}, where the batch-size study"
            f" asked {chosen['study']['model']}; the keywords ask {model}. Delete it and run again, or give"
            " a number"
        )
    return chosen["captions_per_prompt"]


def list_sources(config: dict, pool: bool = False) -> list[dict]:
    """Return the entries of samples.sources that are edited and tested, or with `pool` the others:
    ordinary photos for training.
    """
    return [source for source in config["samples"]["sources"] if bool(source.get("pool")) == pool]


def is_trained(arm: dict) -> bool:
    """Tell whether an arm has a model of its own; an untuned one has no loss."""
    return bool(arm.get("loss"))


def shows_sham(arm: dict) -> bool:
    """Tell whether an arm shows sham edits, so that it needs their photos."""
    return arm.get("images") in ("sham", "sham_positives")


def keeps_features(arm: dict) -> bool:
    """Tell whether an arm's photos pass the image tower once, before its first step: the tower is frozen,
    and every step shows them as they are.
    """
    return arm.get("freeze") == "image" and arm.get("views") == "whole"


def trains(config: dict) -> bool:
    """Tell whether a run trains and tests models: `train.clip: null` ends it in pairs and a report."""
    return config["train"]["clip"] is not None


def get_split(seed: int | str) -> str:
    """Return the path of the split of photo groups that a training seed is trained and tested on."""
    return f"results/folds/repeats/{seed}.parquet" if int(seed) else "results/folds/folds.parquet"
