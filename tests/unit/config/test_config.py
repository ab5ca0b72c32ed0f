"""The config: every file of ours is valid, every mistake is named."""

import copy
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from partial_tables import write_some
from unscene.config.checks import (
    check_keys,
    check_paths,
    expand_detectors,
    list_warnings,
    tell_absent_sources,
)
from unscene.config.checks.evaluation import GUARD_PATHS
from unscene.config.preparation import complete_config
from unscene.config.reading import read_config
from unscene.evaluation.sets.exam import add_exam_sets
from unscene.evaluation.sets.formats import PATHS as PATHS_OF_SETS
from unscene.quality.columns import PAIRS
from unscene.run.configuration import PATHS, ConfigError, list_sources
from unscene.run.shard_names import list_shards
from unscene.run.targets import select_targets
from unscene.samples.readers import READERS

CHECKOUT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((CHECKOUT / "workflow/schemas/config.schema.yaml").read_text())
DEFAULT = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
OVERLAYS = sorted(
    [
        *CHECKOUT.glob("config/*.yaml"),
        *CHECKOUT.glob("config/presets/*.yaml"),
        *CHECKOUT.glob("tests/config/*.yaml"),
    ]
)


def merge(base: dict, over: dict) -> dict:
    """Merge as Snakemake merges config files: dicts deeply, everything else replaced."""
    merged = copy.deepcopy(base)
    for key, value in over.items():
        merged[key] = (
            merge(merged[key], value)
            if isinstance(value, dict) and isinstance(merged.get(key), dict)
            else value
        )
    return merged


# Sources of one's own are no pool, so the arm that needs one is left out, as an overlay does it.
WITHOUT_POOL = {"train": {"arms": {"absence": None}}, "deploy": {"arm": "paired"}}
RANDOM = {"images": "both", "texts": "negated", "batches": "random"}


def complete(change: dict) -> dict:
    """Return the default with a change, without the arms that the change sets to null."""
    config = merge(DEFAULT, change)
    config["train"]["arms"] = {name: arm for name, arm in config["train"]["arms"].items() if arm is not None}
    return config


def test_the_schema_itself_is_valid():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_config_is_valid(path):
    Draft202012Validator(SCHEMA).validate(merge(DEFAULT, yaml.safe_load(path.read_text())))


def test_overlays_are_short():
    for path in OVERLAYS:
        if path.name != "config.yaml":
            assert len(path.read_text().splitlines()) <= 45, f"{path.name} repeats what the default says"


def test_every_key_has_a_description_and_a_default():
    def walk(schema, value, where):
        for key, below in schema.get("properties", {}).items():
            assert below.get("description") or "$ref" in below, f"{where}.{key} has no description"
            assert key in value, f"{where}.{key} has no default in config/config.yaml"
            if isinstance(value[key], dict) and "properties" in below:
                walk(below, value[key], f"{where}.{key}")

    walk(SCHEMA, DEFAULT, "config")


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("masks", "min_aera", 0.1),
        ("folds", "folds", 1),
        ("masks", "target_confidence", "0.5"),
        ("edits", "backend", "lame"),
        ("masks", "sha256", "abc"),
        ("masks", "truth", "both"),
        ("samples", "sources", [{"name": "a", "format": "coco", "photos": 1, "captions": "c.json"}]),
        (
            "samples",
            "sources",
            [{"name": "a", "format": "table", "photos": 1, "table": "t.csv", "tars": "t"}],
        ),
        (
            "train",
            "arms",
            {"rank": {"images": "both", "texts": "plain", "batches": "random", "loss": {"rnak": 1}}},
        ),
    ],
)
def test_mistakes_are_refused(section, key, value):
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(merge(DEFAULT, {section: {key: value}}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {
                "masks": {"truth": "union"},
                "samples": {"sources": [{"name": "a", "format": "table", "photos": 1}]},
                **WITHOUT_POOL,
            },
            "masks.truth",
        ),
        ({"deploy": {"arm": "unknown"}}, "deploy.arm"),
        ({"train": {"arms": {"zero_shot": {"query_weight": 1}}}}, "train.arms.zero_shot"),
        ({"edits": {"weights": None}}, "edits.weights"),
        ({"edits": {"weights": None, "backend": "lama"}}, "TorchScript or ONNX"),
        ({"edits": {"backend": "telea", "scheduler": "lcm"}}, "edits.scheduler"),
        ({"masks": {"min_area": 0.9}}, "masks.min_area"),
        ({"keywords": {"captions_per_prompt": "auto"}}, "captions_per_prompt"),
        ({"train": {"arms": {"originals": {"batches": "paired"}}}}, "train.arms.originals"),
        ({"train": {"arms": {"originals": {"loss": {"rank": 1}}}}}, "no loss within pairs"),
        ({"train": {"arms": {"random": {**RANDOM, "loss": {"mask": 1}}}}}, "train.arms.random"),
        ({"train": {"arms": {"paired": {"loss": {"teacher": 1}}}}}, "ema_decay"),
        ({"train": {"arms": {"paired": {"images": "sham"}}}}, "edits.sham"),
        ({"train": {"reader": "tars"}}, "train.reader"),
        ({"train": {"arms": {"paired": {"captions": "template"}}}}, "captions.backend is template"),
        ({"train": {"arms": {"paired": {"images": "sham", "pairs": "unfiltered"}}}}, "pairs: unfiltered"),
        ({"train": {"arms": {"paired": {"freeze": "text", "unlocked": {"text": 2}}}}}, "unlocked.text"),
        ({"train": {"arms": {"paired": {"lora_rank": 4, "unlocked": {"text": 2}}}}}, "lora_rank"),
        ({"train": {"class_folds": ["zero_shot"]}}, "train.class_folds"),
        ({"train": {"arms": {"q": {"of": "paired"}}}}, "train.arms.q"),
        (
            {"train": {"arms": {"q": {"query_weight": 1, "of": "paired", "loss": {"mask": 1}}}}},
            "of names a trained arm",
        ),
        ({"train": {"arms": {"q": {"query_weight": 1, "of": "zero_shot"}}}}, "no trained arm"),
        (
            {"train": {"arms": {"q": {"query_weight": 1, "of": "paired"}}}, "deploy": {"arm": "q"}},
            "no model of its own",
        ),
        ({"train": {"arms": {"paired": {"pool": 8}}}}, "pool and a loss on it need each other"),
        ({"train": {"arms": {"paired": {"loss": {"across_bare": 1}}}}}, "paired: pool and a loss on it need"),
        ({"train": {"arms": {"paired": {"pool_limit": 8}}}}, "pool_limit says something of a pool"),
        ({"train": {"arms": {"paired": {"withheld": ["unicorn"]}}}}, "withheld: 'unicorn' is no word"),
        ({"train": {"arms": {"paired": {"late": {"rank": 0.5}}}}}, "late: 'rank' is no term of its loss"),
        ({"train": {"arms": {"paired": {"late": {"infonce": 0.5}}}}}, "no term of the loss is there at"),
        ({"train": {"arms": {"paired": {"nouns": ["tree"]}}}}, "nouns are told of by text_teacher"),
        (
            {"train": {"arms": {"paired": {"jpeg": True, "freeze": "image", "views": "whole"}}}},
            "jpeg changes photos",
        ),
        (
            {"train": {"arms": {"paired": {"query_weight": 1.9}}}, "deploy": {"arm": "paired"}},
            "deploy.arm: 'paired' is tested with query_weight",
        ),
        ({"runtime": {"devices": 3}}, "runtime.devices"),
        ({"samples": {"sources": [DEFAULT["samples"]["sources"][0]] * 2}}, "samples.sources"),
    ],
)
def test_contradictions_name_the_key(change, message):
    told = list(check_keys(complete(change)))
    assert any(re.search(message, one) for one in told), told


def test_no_path_may_be_empty():
    """Joined to the checkout's, an empty path would name the checkout itself."""
    paths = [SCHEMA["properties"][block]["properties"][key] for block, key in (k.split(".") for k in PATHS)]
    items = {"source": {path for reader in READERS.values() for path in reader.paths}}
    items |= {"guard": GUARD_PATHS, "evaluation_set": PATHS_OF_SETS, "model": ["path"]}
    paths += [SCHEMA["$defs"][item]["properties"][key] for item, keys in items.items() for key in keys]
    for node in paths:
        check = Draft202012Validator({**node, "$defs": SCHEMA["$defs"]})
        assert check.is_valid("a") and not check.is_valid(""), node


LABELLED = {"name": "a", "format": "coco", "photos": 1, "instances": "nowhere.json"}
FILES_THAT_LACK = [
    (
        {"masks": {"weights": "nowhere.pt"}},
        r"masks.weights.*fetches nothing: `unscene fetch CONFIG` brings it",
    ),
    ({"train": {"clip": "models/absent"}}, "train.clip"),
    ({"train": {"clip": "~/absent"}}, "train.clip.*`~` is not read as your home folder: write that out"),
    ({"edits": {"lora": "nowhere.safetensors"}}, "edits.lora"),
    ({"quality": {"dino": "models/absent"}}, "quality.dino"),
    ({"batchsize": {"labels": "nowhere.csv"}}, "batchsize.labels"),
    (
        {"masks": {"truth": "union"}, "samples": {"sources": [LABELLED]}, **WITHOUT_POOL},
        "samples.sources, 'a': instances .*nowhere.json is not there",
    ),
    (
        {"evaluate": {"sets": [{"name": "b", "format": "beaf", "images": "nowhere"}]}},
        "evaluate.sets, 'b': images",
    ),
    ({"evaluate": {"models": [{"name": "m", "path": "nowhere"}]}}, "evaluate.models, 'm': path"),
    ({"folds": {"leak_guards": [{"name": "g", "ids": "nowhere.txt"}]}}, "folds.leak_guards, 'g': ids"),
    # a folder of anything, which may hold a broken file of something else
    ({"masks": {"weights": "."}}, r"masks.weights: \S* is no folder of a model \(config.json is missing"),
    ({"quality": {"judge": "resources/embedded"}}, r"quality.judge: .*embedded is no folder of a model"),
    ({"quality": {"dino": "."}}, r"quality.dino: \S* is no folder of a model"),
    ({"train": {"clip": "."}}, r"train.clip: .*\(open_clip_config.json is missing"),
    ({"train": {"clip": "README.md"}}, r"train.clip: .*README.md is no folder of a model"),
    ({"edits": {"weights": "."}}, r"edits.weights: .*model_index.json is missing"),
    ({"batchsize": {"labels": "."}}, r"batchsize.labels: \S* is a folder; name a file"),
]


@pytest.mark.parametrize(("change", "message"), FILES_THAT_LACK)
def test_what_is_not_there_or_is_something_else_is_named_with_its_key(change, message):
    config = complete(change)
    assert not list(check_keys(config))
    (told,) = check_paths(config, CHECKOUT)
    assert re.search(message, told)


def test_the_labels_of_a_source_are_needed_only_where_they_join_the_masks():
    assert not list(check_paths(merge(DEFAULT, {"samples": {"sources": [LABELLED]}}), CHECKOUT))


def test_what_is_missing_of_sources_is_told_beside_other_faults_until_it_was_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    source = "{name: own, format: table, photos: 30, table: own.csv, images: photos}"
    sources = source.replace("own.csv", str(tmp_path / "own.csv")).replace("photos}", f"{tmp_path}/photoes}}")
    rest = "runtime: {allow_toy: true}\ntrain: {arms: {absence: null}}\ndeploy: {arm: paired}\n"
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(f"samples: {{sources: [{sources}]}}\n{rest}")
    told = list(tell_absent_sources(read_config(CHECKOUT, [overlay], paths=True), CHECKOUT, False))
    assert [re.search("key (.*?):", one)[1] for one in told] == ["table", "images"]
    overlay.write_text(f"samples: {{sources: [{source.replace('photos}', '~/photos}')}]}}\n{rest}")
    *_, at_home = tell_absent_sources(read_config(CHECKOUT, [overlay]), CHECKOUT, False)
    assert at_home.endswith(
        "~/photos is not there yet; a run needs it; `~` is not read as your home folder: write that out"
    )
    overlay.write_text(f"samples: {{sources: [{sources}]}}\n{rest}masks: {{weights: nowhere.pt}}\n")
    with pytest.raises(ConfigError) as stopped:
        read_config(CHECKOUT, [overlay], paths=True)
    heading, *lines = str(stopped.value).splitlines()
    assert heading.startswith("There are 3 mistakes")
    for part in ("masks.weights", "samples.sources.own.table", "samples.sources.own.images: .*photoes"):
        assert re.search(part, " ".join(lines)), part
    (tmp_path / "results/samples").mkdir(parents=True)
    (tmp_path / "results/samples/own-0-of-1.parquet").touch()
    with pytest.raises(ConfigError, match="There is a mistake(?s:.*)nowhere.pt"):
        read_config(CHECKOUT, [overlay], paths=True)


def test_a_detector_without_a_folder_lies_in_models():
    config = merge(DEFAULT, {"masks": {"weights": "yolo.pt"}, "quality": {"judge": None}})
    expand_detectors(config)
    assert (config["masks"]["weights"], config["quality"]["judge"]) == ("models/yolo.pt", None)
    for path in ("resources/yolo.pt", "./yolo.pt", "/elsewhere/yolo.pt", "models/yolo.pt"):
        config["masks"]["weights"] = path
        expand_detectors(config)
        assert config["masks"]["weights"] == path


def test_arithmetic_on_a_tuned_model_is_warned_of():
    assert not list(list_warnings(DEFAULT))
    assert not list(list_warnings(merge(DEFAULT, {"train": {"arms": {"q": {"query_weight": 1.9}}}})))
    for arm in (
        {"query_weight": 1.9, "of": "paired"},
        DEFAULT["train"]["arms"]["paired"] | {"query_weight": 1},
    ):
        config = merge(DEFAULT, {"train": {"arms": {"tuned": arm}}})
        assert not list(check_keys(config))
        (told,) = list_warnings(config)
        assert told.startswith("train.arms.tuned: query_weight")


ARM = {"images": "both", "texts": "negated", "batches": "paired", "loss": {"rank": 1, "pool_keep": 1}}
SCENES, POOL = DEFAULT["samples"]["sources"]


def with_arm(**keys) -> dict:
    """Return the default with an arm that trains on a pool, as the checks see it."""
    config = copy.deepcopy(DEFAULT)
    config["train"]["arms"] = {"zero_shot": {}, "pooled": {**ARM, **keys}}
    config["deploy"] = {"arm": "pooled"}
    return config


@pytest.mark.parametrize(
    ("sources", "arm", "message"),
    [
        ([SCENES], {"pool": 8}, "train.arms.pooled: pool needs a source .* `pool: true`"),
        ([SCENES, POOL | {"photos": 7}], {"pool": 8}, "takes 8 pool photos, the pools .* have 7"),
        ([SCENES, POOL], {"pool": 8, "pool_limit": 7}, "pool_limit: 7 is less than the 8"),
        ([POOL], {"pool": 8}, "every source is a pool"),
        ([SCENES, POOL | {"seed": SCENES["seed"]}], {"pool": 8}, "'pool': another source has the seed 7"),
        ([SCENES, POOL, POOL | {"name": "b"}], {"pool": 8}, "'b': another source has the seed"),
    ],
)
def test_a_pool_that_cannot_be_trained_on_is_named_with_the_way_out(sources, arm, message):
    config = with_arm(**arm)
    config["samples"]["sources"] = sources
    told = list(check_keys(config))
    assert any(re.search(message, one) for one in told), told


def test_a_pool_that_has_one_batch_is_enough():
    config = with_arm(pool=8, pool_limit=8)
    config["samples"]["sources"] = [SCENES, POOL | {"photos": 8}]
    assert not list(check_keys(config))


def test_tars_cannot_feed_an_arm_with_a_pool():
    config = with_arm(pool=8)
    config["train"]["reader"] = "tars"
    (told,) = check_keys(config)
    assert "without a pool, unlike 'pooled'; take train.reader: cache" in told
    config["train"]["arms"]["pooled"] = ARM | {"loss": {"rank": 1}}
    assert not list(check_keys(config))


@pytest.mark.parametrize("source", [SCENES, POOL])
def test_a_fresh_world_shows_no_scene_of_a_source(source):
    world = {"name": "fresh", "photos": 50, "seed": source["seed"]}
    (told,) = check_keys(merge(DEFAULT, {"evaluate": {"world": world}}))
    assert f"evaluate.world: the source '{source['name']}' has the seed" in told


def test_the_sets_of_a_world_join_the_configs_own_and_no_name_stands_twice():
    world = {"name": "fresh", "photos": 50, "seed": 99}
    own = {"name": "fresh_classes", "format": "class_folders", "path": "elsewhere"}
    config = merge(DEFAULT, {"evaluate": {"world": world, "sets": [own | {"name": "mine"}]}})
    for _ in range(2):  # a job reads the config again
        add_exam_sets(config)
    names = [entry["name"] for entry in config["evaluate"]["sets"]]
    assert names[0] == "mine" and len(names) == len(set(names)) == 7
    assert not list(check_keys(config))
    (told,) = check_paths(config, CHECKOUT)
    assert re.search("'mine': path .* is not there", told)
    config["evaluate"]["sets"][0] = own
    (told,) = check_keys(config)
    assert "the name 'fresh_classes' is used twice" in told


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        ({"policy": "calibrated", "controls": 0}, "quality.controls"),
        ({"policy": "certified"}, "make label"),
    ],
)
def test_contradictions_of_quality_are_named(quality, message):
    (told,) = check_keys(merge(DEFAULT, {"quality": quality}))
    assert re.search(message, told)


def test_too_few_photos_for_a_batch_are_said_before_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the pairs of a run that lies here would be counted
    few = complete({"samples": {"sources": [SCENES | {"photos": 40}, POOL]}})
    (told,) = list_warnings(few)
    assert "train.batch_pairs: a batch of 16 needs 32 photo groups" in told and "clip: null" in told
    assert not list(list_warnings(merge(few, {"train": {"batch_pairs": 4}})))
    few["train"]["arms"].pop("originals")  # random batches keep each pair apart: twice as many
    (told,) = list_warnings(few)
    assert "needs 16 photo groups" in told
    few["train"]["clip"] = None
    assert not list(list_warnings(few))


def test_pairs_that_were_made_are_counted_in_place_of_a_guess(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = complete({"samples": {"sources": [SCENES | {"photos": 40}, POOL]}})
    assert any("expected: about" in told for told in list_warnings(few))
    path = tmp_path / "results/quality/pairs.parquet"

    def make(groups: int) -> list[str]:
        made = pd.DataFrame({"group": [f"g{number // 2}" for number in range(2 * groups)]})
        write_some(PAIRS, made, path)
        return list(list_warnings(few))

    (told,) = make(9)  # of a pilot: not all photos of the run are read
    assert "expected: about" in told
    for source in list_sources(few):
        for shard in list_shards(source, few["samples"]["shard_size"]):
            (tmp_path / "results/samples").mkdir(exist_ok=True)
            (tmp_path / f"results/samples/{shard}.parquet").touch()
    (told,) = make(9)
    assert "made: 18 pairs, to train on 6 photo groups (results/quality/pairs.parquet)" in told
    assert not make(200)
    path.write_bytes(b"no table")
    assert any("expected: about" in told for told in list_warnings(few))


@pytest.mark.parametrize(("quality", "problems"), [({}, 0), ({"distances": True}, 1)])
def test_a_run_that_trains_nothing_needs_no_arms(quality, problems):
    config = merge(DEFAULT, {"train": {"clip": None}, "quality": quality, "deploy": {"arm": "none"}})
    complete_config(config)
    assert config["train"]["arms"] == {}
    assert len(list(check_keys(config))) == problems


def test_a_run_that_trains_nothing_makes_no_file_of_training():
    files = ["quality/pairs.parquet", "folds/folds.parquet", "metrics/truth.json", "report.html", "plan.json"]
    later = [
        "train/photos.npy",
        "models/a/all/meta.json",
        "metrics/items.parquet",
        "deploy",
        "folds/check.json",
    ]
    files, later = ([f"results/{name}" for name in names] for names in (files, later))
    assert select_targets(files + later, {"train": {"clip": None}}) == files
    assert select_targets(files + later, DEFAULT) == files + later
