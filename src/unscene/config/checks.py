"""Checks of the config that a schema cannot express, with the key and the way out in each message."""

from pathlib import Path

from unscene.answers.backends import BACKENDS
from unscene.batchsize.sample_sizes import count_prompts_needed, get_sensitivity
from unscene.edits.removers import REMOVERS, RemovalError, Weights
from unscene.evaluation.sets.exam import is_drawn
from unscene.evaluation.sets.formats import PATHS as PATHS_OF_SETS
from unscene.quality.scores import FROM_CONTROLS, needs_calibration
from unscene.run.configuration import (
    DETECTORS,
    PATHS,
    PERMUTED_FROM,
    ConfigError,
    is_trained,
    list_sources,
    wants_study,
)
from unscene.run.weight_files import find_broken_weights
from unscene.samples.readers import has_instances
from unscene.training.objectives import TERMS, list_references
from unscene.words.word_lists import find_vocabulary

# Where detectors lie that the config names without a folder, below the checkout.
MODELS = "models"
GUARD_PATHS = ("ids", "hashes", "images")
ULTRALYTICS_ASSETS = "https://github.com/ultralytics/assets/releases"


def expand_detectors(config: dict) -> None:
    """Give the detectors that are named without a folder the one in which such models lie:
    `yolo.pt` is `models/yolo.pt`.
    """
    for dotted in DETECTORS:
        section, key = dotted.split(".")
        name = config[section][key]
        if name and Path(name).name == name:
            config[section][key] = f"{MODELS}/{name}"


def check_config(config: dict) -> None:
    """Raise ConfigError on contradictions between keys."""
    names = [source["name"] for source in config["samples"]["sources"]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"samples.sources: the name {twice[0]!r} is used twice; each source needs its own")
    arms = config["train"]["arms"]
    if config["deploy"]["arm"] not in arms:
        raise ConfigError(f"deploy.arm: {config['deploy']['arm']!r} is not in train.arms ({', '.join(arms)})")
    if arms.get("zero_shot") != {}:
        raise ConfigError("train.arms.zero_shot: every comparison needs the untuned model; leave it {}")
    check_edits(config["edits"])
    if (
        config["keywords"]["captions_per_prompt"] == "auto"
        and not BACKENDS[config["keywords"]["backend"]].is_paid
    ):
        paid = " or ".join(name for name, one in BACKENDS.items() if one.is_paid)
        raise ConfigError(f"keywords.captions_per_prompt: auto needs keywords.backend: {paid}; give a number")
    check_study(config)
    for name, arm in arms.items():
        check_arm(name, arm)
    check_pool(config)
    check_training(config)
    check_evaluation(config)
    check_quality(config["quality"])
    masks = config["masks"]
    if masks["min_area"] >= masks["max_area"]:
        raise ConfigError("masks.min_area must be smaller than masks.max_area")
    if masks["truth"] == "union" and not any(has_instances(source) for source in list_sources(config)):
        raise ConfigError(
            "masks.truth: union needs a source that says which objects its photos have (format coco with"
            " `instances`, or embedded); add `instances` to a source, or set it to ignore"
        )


def list_warnings(config: dict) -> list[str]:
    """Return what is allowed and most likely a mistake, a sentence each."""
    arms = config["train"]["arms"]
    tuned = [name for name, arm in arms.items() if "query_weight" in arm and ("of" in arm or "loss" in arm)]
    return [
        f"train.arms.{name}: query_weight takes the denied object out of texts that a tuned model reads as a"
        " denial already: on drawn scenes the AUC of absence fell from .82 to .35. Judge it by its own line,"
        " and leave query_weight out of what you deploy"
        for name in tuned
    ]


def check_files(config: dict, checkout: Path) -> None:
    """Raise ConfigError on a file or folder that the config names, relative to the checkout, and
    that is not there.

    What a source of photos needs, its reader checks; of its labels only those that join the masks
    must be there from the start.
    """
    for key in PATHS:
        _check_path(config, key, checkout)
    given = [entry for entry in config["evaluate"]["sets"] if not is_drawn(entry)]
    entries = [("evaluate.sets", entry, PATHS_OF_SETS) for entry in given]
    entries += [("evaluate.models", entry, ["path"]) for entry in config["evaluate"]["models"]]
    entries += [("folds.leak_guards", entry, GUARD_PATHS) for entry in config["folds"]["leak_guards"]]
    if config["masks"]["truth"] == "union":
        entries += [("samples.sources", entry, ["instances"]) for entry in list_sources(config)]
    for key, entry, paths in entries:
        for path in paths:
            if entry.get(path) and not (checkout / entry[path]).exists():
                raise ConfigError(f"{key}, {entry['name']!r}: {path} {checkout / entry[path]} is not there")
    check_weights_of_edits(config, checkout)


def check_weights_of_edits(config: dict, checkout: Path) -> None:
    """Raise ConfigError when the remover's weights cannot be loaded, as far as their names and first
    bytes tell.
    """
    edits = config["edits"]
    backend = REMOVERS[edits["backend"]]
    paths = [
        checkout / edits[key] if key in backend.keys and edits[key] else None
        for key in ("weights", "lora", "tiny_vae")
    ]
    try:
        backend.check(Weights(*paths))
    except RemovalError as error:
        raise ConfigError(str(error)) from error


def check_study(config: dict) -> None:
    """Raise ConfigError when the batch-size study would be paid for and could choose nothing.

    Without `needed` prompts of its smallest size, rare shifts of whole prompts cannot be ruled out,
    so no size can pass.
    """
    study = config["batchsize"]
    if config["keywords"]["captions_per_prompt"] != "auto":
        return
    if not wants_study(config):
        raise ConfigError(
            "keywords.captions_per_prompt: auto needs the batch-size study; batchsize.run must not be false"
        )
    smallest = min(study["sizes"])
    prompts = study["captions"] / smallest * (study["permutations"] if smallest >= PERMUTED_FROM else 1)
    needed = count_prompts_needed(study["margin"], get_sensitivity(smallest))
    if prompts < needed:
        raise ConfigError(
            f"keywords.captions_per_prompt: auto needs {needed} prompts of the smallest size of the"
            f" batch-size study ({smallest} a prompt); batchsize.captions gives {prompts:.0f}: ask more"
            " captions, or give a number here"
        )


def check_evaluation(config: dict) -> None:
    """Raise ConfigError on contradictions in evaluate.sets, evaluate.models and folds.leak_guards."""
    evaluate = config["evaluate"]
    if evaluate["alphas"] and not config["train"]["inner_share"]:
        raise ConfigError(
            "evaluate.alphas: alpha is chosen on groups that no model was trained on; set train.inner_share,"
            " for instance to 0.1"
        )
    names = [*config["train"]["arms"], *(model["name"] for model in evaluate["models"])]
    for key, entries in (("sets", [entry["name"] for entry in evaluate["sets"]]), ("models", names)):
        twice = sorted({name for name in entries if entries.count(name) > 1})
        if twice:
            raise ConfigError(f"evaluate.{key}: the name {twice[0]!r} is used twice (arms count as models)")
    unknown_arms = set(evaluate["set_arms"] or ()) - set(config["train"]["arms"])
    if unknown_arms:
        raise ConfigError(f"evaluate.set_arms: train.arms has no arm {sorted(unknown_arms)[0]!r}")
    world = evaluate["world"]
    for source in config["samples"]["sources"]:
        if world and source.get("seed") == world["seed"]:
            raise ConfigError(
                f"evaluate.world: the source {source['name']!r} has the seed {world['seed']}, too, and shows"
                " the same scenes; give the world a seed of its own"
            )
    for guard in config["folds"]["leak_guards"]:
        if sum(kind in guard for kind in GUARD_PATHS) != 1:
            raise ConfigError(f"folds.leak_guards, {guard['name']!r}: give one of ids, hashes or images")
        unknown = set(guard.get("sources", ())) - {source["name"] for source in config["samples"]["sources"]}
        if unknown:
            raise ConfigError(
                f"folds.leak_guards, {guard['name']!r}: no source {sorted(unknown)[0]!r} in samples.sources"
            )


def check_quality(quality: dict) -> None:
    """Raise ConfigError on a policy that lacks what it decides by."""
    if needs_calibration(quality) and not quality["controls"]:
        from_controls = [key for key, limit in quality["thresholds"].items() if limit == FROM_CONTROLS]
        what, else_ = "policy: calibrated", ""
        if quality["policy"] != "calibrated":
            what, else_ = f"thresholds.{from_controls[0]}: controls", ", or give a number"
        raise ConfigError(f"quality.{what} takes its cuts from controls; set quality.controls (200){else_}")
    if quality["policy"] == "certified" and not quality["labels"]:
        raise ConfigError(
            "quality.policy: certified needs labels; label edits (make label) and set quality.labels:"
            " state/labels"
        )


def check_edits(edits: dict) -> None:
    """Raise ConfigError when the backend of the edits lacks a key that it needs or is given one
    that it cannot use.
    """
    backend = REMOVERS[edits["backend"]]
    for key in backend.needed:
        if not edits[key]:
            raise ConfigError(f"edits.{key}: the backend {backend.name} needs the path of {backend.weights}")
    for key in {
        key: None for other in REMOVERS.values() for key in other.optional if key not in backend.keys
    }:
        if edits[key]:
            raise ConfigError(f"edits.{key}: the backend {backend.name} has no use for it; set it to null")


def check_arm(name: str, arm: dict) -> None:
    """Raise ConfigError, naming the key, when the parts of an arm contradict each other. An empty
    arm is not trained.
    """
    key = f"train.arms.{name}"
    if not arm:
        return
    if "of" in arm and arm.keys() != {"query_weight", "of"}:
        raise ConfigError(f"{key}: of names a trained arm; beside it stands query_weight and nothing else")
    if arm.keys() <= {"query_weight", "of"}:
        return
    if "loss" not in arm:
        raise ConfigError(f"{key}: it has no loss; an untuned arm is {{}} or has query_weight alone")
    within = [name for name in arm["loss"] if TERMS[name].within_pairs]
    if arm["images"] == "originals" and (arm["batches"] != "random" or within):
        raise ConfigError(
            f"{key}: images: originals has no edits, so it needs batches: random and no loss within pairs "
            f"({', '.join(within) or 'batches: ' + arm['batches']})"
        )
    if within and (arm["batches"] == "random" or arm["texts"] != "negated"):
        raise ConfigError(
            f"{key}: loss: {', '.join(within)} compares within pairs; it needs batches: paired or similar and"
            " texts: negated"
        )
    if arm["batches"] == "random" and arm["images"] not in ("originals", "both"):
        raise ConfigError(f"{key}: images: {arm['images']} needs batches: paired or similar")
    if bool(list_references(arm["loss"], "teacher")) != ("ema_decay" in arm):
        raise ConfigError(f"{key}: a loss with a teacher and ema_decay need each other")
    unlocked = arm.get("unlocked", {})
    if arm.get("freeze") in unlocked:
        raise ConfigError(f"{key}: unlocked.{arm['freeze']} and freeze: {arm['freeze']} exclude each other")
    if unlocked and "lora_rank" in arm:
        raise ConfigError(f"{key}: unlocked and lora_rank exclude each other: adapters are in all layers")
    if arm.get("pairs") == "unfiltered" and arm["images"].startswith("sham"):
        raise ConfigError(
            f"{key}: pairs: unfiltered has no sham edits; give it images: both, swapped or originals"
        )
    on_pool = [name for name in arm["loss"] if TERMS[name].pool]
    if bool(on_pool) != ("pool" in arm):
        raise ConfigError(
            f"{key}: pool and a loss on it need each other ({', '.join(on_pool) or 'no term of the loss is'})"
        )
    for name in ("pool_limit", "pool_labels"):
        if name in arm and "pool" not in arm:
            raise ConfigError(f"{key}: {name} says something of a pool; it needs pool")
    if "nouns" in arm and "text_teacher" not in arm["loss"]:
        raise ConfigError(f"{key}: nouns are told of by text_teacher; give the loss that term")
    if arm.get("jpeg") and arm.get("freeze") == "image" and arm.get("views") == "whole":
        raise ConfigError(
            f"{key}: jpeg changes photos from step to step; freeze: image with views: whole embeds each once."
            " Leave out views"
        )
    if "lora_rank" in arm and "ema_decay" in arm:
        raise ConfigError(
            f"{key}: lora_rank and ema_decay exclude each other: the average is over whole weights"
        )


def check_pool(config: dict) -> None:
    """Raise ConfigError on sources that cannot be a pool, and on arms that ask for more of it than
    there is.
    """
    pools, edited = list_sources(config, pool=True), list_sources(config)
    if not edited:
        raise ConfigError("samples.sources: every source is a pool; one at least must be edited and tested")
    seeds = [source["seed"] for source in edited if source["format"] == "embedded"]
    for source in pools:
        if source["format"] == "embedded":
            if source["seed"] in seeds:
                raise ConfigError(
                    f"samples.sources, {source['name']!r}: another source has the seed {source['seed']} and"
                    " shows the same scenes; give the pool a seed of its own"
                )
            seeds.append(source["seed"])
    photos = sum(source["photos"] for source in pools)
    for name, arm in config["train"]["arms"].items():
        if "pool" not in arm:
            continue
        key = f"train.arms.{name}"
        if not pools:
            raise ConfigError(
                f"{key}: pool needs a source of ordinary photos; add one to samples.sources with"
                f" `pool: true`, or leave the arm out (`{name}: null`) and deploy another"
                " (`deploy: {arm: paired_rank_keep}`)"
            )
        if photos < arm["pool"]:
            raise ConfigError(
                f"{key}: a batch takes {arm['pool']} pool photos, the pools of samples.sources have {photos};"
                " add photos, or lower `pool`"
            )
        if arm.get("pool_limit", photos) < arm["pool"]:
            raise ConfigError(
                f"{key}: pool_limit: {arm['pool_limit']} is less than the {arm['pool']} pool photos of a"
                " batch; raise it, or lower `pool`"
            )


def check_training(config: dict) -> None:
    """Raise ConfigError on arms that need what the run does not have."""
    train = config["train"]
    arms = {name: arm for name, arm in train["arms"].items() if is_trained(arm)}
    for name, arm in train["arms"].items():
        if "of" in arm and arm["of"] not in arms:
            raise ConfigError(f"train.arms.{name}: of: {arm['of']!r} is no trained arm of train.arms")
    deployed = train["arms"][config["deploy"]["arm"]]
    if "of" in deployed:
        raise ConfigError(
            f"deploy.arm: {config['deploy']['arm']!r} has no model of its own; deploy the arm that it names"
        )
    if "query_weight" in deployed:
        raise ConfigError(
            f"deploy.arm: {config['deploy']['arm']!r} is tested with query_weight, which an exported model"
            " does not have: what is deployed would not be what was tested. Leave query_weight out"
        )
    for name in train["class_folds"]:
        if name not in arms:
            raise ConfigError(f"train.class_folds: {name!r} is no trained arm of train.arms")
    words = find_vocabulary(config)
    for name, arm in arms.items():
        unknown = [word for word in arm.get("withheld", ()) if word not in words]
        if unknown:
            raise ConfigError(f"train.arms.{name}: withheld: {unknown[0]!r} is no word of {words.title}")
        if arm["images"].startswith("sham") and not config["edits"]["sham"]:
            raise ConfigError(f"train.arms.{name}: images: {arm['images']} needs edits.sham: true")
        if arm.get("captions") == "template" and config["captions"]["backend"] == "template":
            raise ConfigError(
                f"train.arms.{name}: captions: template would be the arm without it, since captions.backend"
                " is template; leave it out"
            )
        other_data = arm.get("captions") == "template" or arm.get("pairs") == "unfiltered" or arm.get("pool")
        if train["reader"] == "tars" and (
            arm["images"] != "both" or arm["batches"] != "paired" or other_data
        ):
            raise ConfigError(
                "train.reader: tars can only feed arms with images: both and batches: paired, on the"
                f" accepted pairs and their own captions, without a pool, unlike {name!r}; take train.reader:"
                " cache"
            )
    if train["batch_pairs"] % config["runtime"]["devices"]:
        raise ConfigError(
            f"runtime.devices: train.batch_pairs={train['batch_pairs']} cannot be shared evenly by "
            f"{config['runtime']['devices']} devices"
        )
    for name, arm in arms.items():
        if arm.get("pool", 0) % config["runtime"]["devices"]:
            raise ConfigError(
                f"train.arms.{name}: pool: {arm['pool']} photos cannot be shared evenly by"
                f" {config['runtime']['devices']} devices (runtime.devices)"
            )


def _check_path(config: dict, dotted: str, checkout: Path) -> None:
    value = config
    for part in dotted.split("."):
        value = value[part]
    if value and not (checkout / value).exists():
        way_out = "give the path of the weights (config/README.md)"
        if dotted in DETECTORS:
            way_out = (
                f"nothing is downloaded: fetch the file from its authors (YOLO: {ULTRALYTICS_ASSETS}) and put"
                f" it there, or give another path; a bare name means {MODELS}/NAME under the checkout"
            )
        raise ConfigError(f"{dotted}: {checkout / value} is not there; {way_out}")
    if value and (fault := find_broken_weights(checkout / value)):
        raise ConfigError(f"{dotted}: {fault}")
