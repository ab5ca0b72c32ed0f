"""Arms that need what the run does not have."""

from collections.abc import Iterator
from math import inf
from pathlib import Path

import pandas as pd

from unscene.config.names import suggest
from unscene.plan.enough_pairs import LEAST, count_needed, count_trained, judge_pairs
from unscene.quality.columns import PAIRS
from unscene.run.configuration import is_trained, list_sources, shows_sham
from unscene.run.counts import tell_count
from unscene.run.shard_names import list_shards
from unscene.run.tables import TableError
from unscene.samples.readers import are_rendered
from unscene.words.word_lists import find_vocabulary

# With so many photos a photo group of a batch there are pairs enough, whatever becomes of them.
_FEW = 20
_PAIRS = Path("results/quality/pairs.parquet")


def check_training(config: dict) -> Iterator[str]:
    """Say which arms need what the run does not have."""
    train = config["train"]
    arms = {name: arm for name, arm in train["arms"].items() if is_trained(arm)}
    for name, arm in train["arms"].items():
        if "of" in arm and arm["of"] not in arms:
            other = arm["of"]
            yield f"train.arms.{name}: of: {other!r} is no trained arm of train.arms{suggest(other, arms)}"
    yield from _check_deployed(config["deploy"]["arm"], train["arms"])
    for name in train["class_folds"]:
        if name not in arms:
            yield f"train.class_folds: {name!r} is no trained arm of train.arms{suggest(name, arms)}"
    words = find_vocabulary(config)
    for name, arm in arms.items():
        unknown = [word for word in arm.get("withheld", ()) if word not in words]
        if unknown:
            yield (
                f"train.arms.{name}: withheld: {unknown[0]!r} is no word of"
                f" {words.title}{suggest(unknown[0], words.words)}"
            )
        unread = [term for term in arm.get("late", ()) if term not in arm["loss"]]
        if unread:
            near = suggest(unread[0], arm["loss"])
            yield f"train.arms.{name}: late: {unread[0]!r} is no term of its loss{near}"
        elif len(arm.get("late", ())) == len(arm["loss"]):
            yield f"train.arms.{name}: late: no term of the loss is there at first; keep one out of it"
        if shows_sham(arm) and not config["edits"]["sham"]:
            yield f"train.arms.{name}: images: {arm['images']} needs edits.sham: true"
        if arm.get("captions") == "template" and config["captions"]["backend"] == "template":
            yield (
                f"train.arms.{name}: captions: template would be the arm without it, since captions.backend"
                " is template; leave it out"
            )
    unfit = [name for name, arm in arms.items() if not _can_read_tars(arm)]
    if train["reader"] == "tars" and unfit:
        yield (
            "train.reader: tars can only feed arms with images: both and batches: paired, on the"
            f" accepted pairs and their own captions, without a pool, unlike {unfit[0]!r}; take train.reader:"
            " cache"
        )
    if train["batch_pairs"] % config["runtime"]["devices"]:
        yield (
            f"runtime.devices: train.batch_pairs={train['batch_pairs']} cannot be shared evenly by "
            f"{config['runtime']['devices']} devices"
        )
    for name, arm in arms.items():
        if arm.get("pool", 0) % config["runtime"]["devices"]:
            yield (
                f"train.arms.{name}: pool: {arm['pool']} photos cannot be shared evenly by"
                f" {config['runtime']['devices']} devices (runtime.devices)"
            )


def warn_of_few_pairs(config: dict) -> Iterator[str]:
    """Say that the photos are expected to give fewer photo groups than a batch needs, or have given fewer
    in the run of this directory; of photos that are not drawn also that they teach nothing.
    """
    train, sources = config["train"], list_sources(config)
    needed = count_needed(train["arms"], train["batch_pairs"])
    drawn = are_rendered(sources)
    photos = sum(source.get("photos", inf) for source in sources)
    if not needed or photos > _FEW * (needed if drawn else max(needed, LEAST)):
        return
    made = _read_groups(config)
    if made is not None:
        groups, source = made.nunique(), str(_PAIRS)
        found = f"made: {tell_count(len(made), 'pair')}"
    else:
        from unscene.plan.estimate import count_items, read_throughput  # few configs need them

        pairs = count_items(config, read_throughput())["pairs"]
        groups = pairs / config["masks"]["edits_per_photo"]
        source = "shares in src/unscene/resources/throughput.yaml"
        found = f"expected: about {tell_count(pairs, 'pair')}"
    trained = count_trained(groups, config["folds"]["folds"])
    judged = judge_pairs(trained, needed)
    groups_told = tell_count(trained, "photo group")
    told = f"of {tell_count(photos, 'photo')} {found}, to train on {groups_told} ({source}): {judged}"
    if trained < needed:
        yield (
            f"train.batch_pairs: a batch of {train['batch_pairs']} needs {tell_count(needed, 'photo group')};"
            f" {told}."
            " Lower it, add photos, or end the run in pairs and a report (`train: {clip: null}`)"
        )
    elif judged and not drawn:
        yield f"train: {told}"


def _read_groups(config: dict) -> pd.Series | None:
    """Return the photo group of each pair that the run here has made, None before it has made them: those
    of a pilot, or from before a source was added, are not of all its photos.
    """
    size = config["samples"]["shard_size"]
    shards = [shard for source in list_sources(config) for shard in list_shards(source, size)]
    if not all(Path(f"results/samples/{shard}.parquet").is_file() for shard in shards):
        return None
    try:
        return PAIRS.read(_PAIRS, ["group"])["group"] if _PAIRS.is_file() else None
    except TableError:  # who reads it next says so, with its way out
        return None


def _check_deployed(name: str, arms: dict) -> Iterator[str]:
    if name not in arms:
        yield f"deploy.arm: {name!r} is not in train.arms{suggest(name, arms)}"
        return
    deployed = arms[name]
    if "of" in deployed:
        yield (f"deploy.arm: {name!r} has no model of its own; deploy the arm that it names")
    elif "query_weight" in deployed and is_trained(deployed):
        yield (
            f"deploy.arm: {name!r} is tested with query_weight, which an exported model"
            " does not have: what is deployed would not be what was tested. Leave query_weight out"
        )


def _can_read_tars(arm: dict) -> bool:
    other_data = arm.get("captions") == "template" or arm.get("pairs") == "unfiltered" or arm.get("pool")
    return arm["images"] == "both" and arm["batches"] == "paired" and not other_data
