"""Checks of the config that a schema cannot express. Each message begins with its key and ends with
the way out; a module has the checks of one subject.
"""

from collections.abc import Iterator

from unscene.config.checks.answers import check_api, check_keywords, check_study
from unscene.config.checks.arms import check_arm
from unscene.config.checks.edits import check_edits, check_masks
from unscene.config.checks.evaluation import check_evaluation
from unscene.config.checks.paths import (
    check_paths,
    check_sources_there,
    expand_detectors,
    tell_absent_sources,
)
from unscene.config.checks.quality import check_quality
from unscene.config.checks.sources import check_pool, check_sources
from unscene.config.checks.toy import check_toy
from unscene.config.checks.training import check_training, warn_of_few_pairs
from unscene.run.configuration import trains
from unscene.run.parts import check_number

__all__ = [
    "check_keys",
    "check_paths",
    "check_sources_there",
    "check_toy",
    "expand_detectors",
    "list_warnings",
    "tell_absent_sources",
]


def check_keys(config: dict) -> Iterator[str]:
    """Say what contradicts what in a config that the schema takes."""
    arms = config["train"]["arms"]
    if config["part"] is not None:
        yield from check_number(config["part"])
    yield from check_sources(config)
    yield from check_pool(config)
    yield from check_api(config["api"])
    yield from list(check_keywords(config["keywords"])) or check_study(config)
    yield from check_masks(config["masks"])
    yield from check_edits(config["edits"])
    yield from check_quality(config["quality"])
    if not trains(config):
        if config["quality"]["distances"]:
            yield "quality.distances: they need a CLIP (train.clip); set it to false, or give one"
        return
    if arms.get("zero_shot") != {}:
        yield "train.arms.zero_shot: every comparison needs the untuned model; leave it {}"
    of_arms = {name: list(check_arm(name, arm)) for name, arm in arms.items()}
    for problems in of_arms.values():
        yield from problems
    if not any(of_arms.values()):  # what an arm needs can be told of one that is whole
        yield from check_training(config)
    yield from check_evaluation(config)


def list_warnings(config: dict) -> Iterator[str]:
    """Say what is allowed and most likely a mistake, a sentence each."""
    arms = config["train"]["arms"]
    if trains(config):
        yield from warn_of_few_pairs(config)
    tuned = [name for name, arm in arms.items() if "query_weight" in arm and ("of" in arm or "loss" in arm)]
    for name in tuned:
        yield (
            f"train.arms.{name}: query_weight takes the denied object out of texts that a tuned model reads"
            " as a denial already: on drawn scenes the AUC of absence fell from .82 to .35. Judge it by its"
            " own line, and leave query_weight out of what you deploy"
        )
