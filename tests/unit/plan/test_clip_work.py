"""What training and testing are planned at: an arm's own steps, its pool, its frozen tower, and a world."""

import copy
import re
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from unscene.plan.clip_work import FORWARD, POOL_TEXTS, count_step, count_untouched, weigh
from unscene.plan.estimate import count_items, estimate_devices, read_throughput
from unscene.training.pool_texts import TOLD, PoolWriter
from unscene.words.coco80 import COCO80
from unscene.words.denial_grammar import read_grammar

PAIRED = {"images": "both", "texts": "negated", "batches": "paired", "loss": {"infonce": 1}}


@pytest.fixture
def config(checkout):
    return yaml.safe_load((checkout / "config" / "config.yaml").read_text())


def overlay(config, checkout, *names):
    """Return the config under overlays, as a run merges them."""

    def merge(below, above):
        for key, value in above.items():
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                merge(below[key], value)
            else:
                below[key] = value

    merged = copy.deepcopy(config)
    for name in names:
        merge(merged, yaml.safe_load((checkout / "config" / f"{name}.yaml").read_text()))
    return merged


def plan_stages(config):
    assumed = read_throughput()
    return estimate_devices(config, assumed, count_items(config, assumed))["stages"]


def with_arms(config, **arms):
    return config | {"train": config["train"] | {"arms": {"zero_shot": {}, **arms}}}


def test_an_arm_is_planned_with_its_own_steps(config):
    def items(**own):
        return plan_stages(with_arms(config, paired=PAIRED | own))["train_clip"]["items"]

    steps = config["train"]["steps"]
    assert items(steps=steps) == items() == 3 * steps * 2 * config["train"]["batch_pairs"]
    assert items(steps=26 * steps) == 26 * items()


def test_a_pool_is_planned_with_its_texts_and_its_photos():
    beside = {"pool": 64, "loss": {"infonce": 1, "across_bare": 1, "pool_infonce": 1}}
    photos, texts = count_step(PAIRED | beside, 16)
    assert (photos, texts) == (32 + 64, 32 + 48 + 60)
    assert count_step(PAIRED | beside | {"loss": {"across_bare": 1}}, 16) == (64, 60 + 48)  # no pairs
    with_keep = count_step(PAIRED | beside | {"loss": beside["loss"] | {"pool_keep": 1}}, 16)
    assert with_keep == (photos, texts + FORWARD * TOLD)  # of the untuned model, forward alone


def test_texts_that_come_in_late_are_planned_by_their_share_and_captions_whole():
    arm = PAIRED | {"pool": 64, "loss": {"infonce": 1, "across_query": 1, "pool_infonce": 1}}
    photos, texts = count_step(arm, 16)
    late = count_step(arm | {"late": {"across_query": 0.25, "pool_infonce": 0.5}}, 16)
    assert late == (photos, texts - 0.25 * POOL_TEXTS["query"])


def test_a_frozen_tower_whose_features_are_kept_costs_its_texts_alone(config):
    arm = PAIRED | {"loss": {"mask": 1, "rank": 0.5, "keep": 1}, "pool": 64}
    photos, texts = count_step(arm, 16)
    assert photos == 32 + 64 + FORWARD * 16  # the untuned model sees the originals
    frozen = arm | {"freeze": "image", "views": "whole"}
    assert count_step(frozen, 16) == (0, texts)
    assert count_step(arm | {"freeze": "image"}, 16)[0] == pytest.approx(FORWARD * 96 + FORWARD * 16)
    both, text = (
        plan_stages(with_arms(config, one=one))["train_clip"]["hours"]["two_cores"] for one in (arm, frozen)
    )
    assert text < 0.35 * both


def test_a_step_writes_as_many_texts_as_are_planned():
    """A pool that shows and lacks every word, so that each kind has all its texts."""
    rng = np.random.default_rng(0)
    present = rng.random((64, len(COCO80))) < 0.3
    captions = [[f"field {number} under a wide sky"] for number in range(64)]
    pool = SimpleNamespace(
        vocabulary=COCO80,
        table={"captions": captions},
        present=present,
        absent=~present,
        find_labelled=lambda: np.arange(len(COCO80)),
    )
    for parts in (("captions",), ("captions", "bare"), tuple(POOL_TEXTS)):
        nouns = ["tree", "fence", "beach", "lamp", "cloud"] if "taught" in parts else []
        writer = PoolWriter(pool, read_grammar(), (7, 0, 0), dict.fromkeys(parts, 0), nouns)
        written = len(writer.write(0, np.arange(64)).texts)
        planned = sum(POOL_TEXTS[part] for part in parts)
        assert planned - 12 <= written <= planned  # equal texts are written once


def test_the_demo_is_planned_at_what_it_took(config):
    """Processor seconds of trainings of the demo, without the start of their process: 1,500 steps of
    `absence`, 300 of `paired` and of `paired_rank_keep`. Two cores take half of them.
    """
    figures = read_throughput()
    second = figures["seconds"]["train_clip"]["embedded"]["two_cores"]["s"]
    share = figures["shares"]["text_of_photo"]["value"]
    for name, steps, took in (("absence", 1500, 247), ("paired", 300, 31), ("paired_rank_keep", 300, 46)):
        step = weigh(*count_step(config["train"]["arms"][name], config["train"]["batch_pairs"]), share)
        assert 2 * steps * step * second == pytest.approx(took, rel=0.12), name


def test_the_study_is_planned_at_its_long_arm_and_its_world(config, checkout):
    study = overlay(config, checkout, "study")
    stages = plan_stages(study)
    assert stages["train_clip"]["hours"]["two_cores"] > 0.5
    assert stages["evaluate_set"]["items"] > 19 * 7000
    without = copy.deepcopy(study)
    without["train"]["arms"].pop("absence")
    without["deploy"]["arm"], without["evaluate"]["set_arms"] = "paired", ["zero_shot", "originals"]
    shorter = plan_stages(without)
    assert shorter["train_clip"]["items"] < 0.2 * stages["train_clip"]["items"]
    study["evaluate"]["world"] = None
    assert "evaluate_set" not in plan_stages(study)


def test_the_results_name_the_hours_that_the_plan_has(config, checkout):
    page = " ".join((checkout / "docs/RESULTS.md").read_text().split())
    told = re.search(r"reckons with ([\d.]+) hours .* two quiet cores, and with ([\d.]+) for", page)
    assumed = read_throughput()
    for hours, names in zip(told.groups(), (["study"], ["study", "study_more"]), strict=True):
        study = overlay(config, checkout, *names)
        planned = estimate_devices(study, assumed, count_items(study, assumed))["hours"]["two_cores"]
        assert float(hours) == pytest.approx(planned, abs=0.06)


def test_models_of_one_image_tower_share_the_photos_of_a_world(config):
    config["evaluate"]["world"] = {"name": "fresh", "photos": 1000, "seed": 1}
    frozen = PAIRED | {"freeze": "image", "views": "whole"}

    def items(**arms):
        return plan_stages(with_arms(config, **arms))["evaluate_set"]["items"]

    of_photos = 4.7 * 1000 * 0.8
    assert items(one=PAIRED) - items(one=frozen) == pytest.approx(2 * of_photos, abs=1)
    config["evaluate"]["set_arms"] = ["zero_shot"]
    assert items(one=PAIRED) == items(one=frozen) > of_photos


@pytest.mark.parametrize(("photos", "words"), [(12, 4 * 3.5 / 5), (30_000, 80)])
def test_no_word_is_asked_about_that_too_few_photos_show(config, photos, words):
    own = config | {"samples": {"sources": [{"name": "own", "format": "table"}]}}
    own["evaluate"] = config["evaluate"] | {"max_photos": 10_000}
    count = {"photos": photos, "captions": 5 * photos, "evaluations": 2}
    of_fold = photos / config["folds"]["folds"]
    expected = 2 * (0.8 * of_fold + 0.2 * (5 * of_fold + words * 345))
    assert count_untouched(own, count, 0.2, 345, 3.5) == pytest.approx(expected)


def test_nothing_is_planned_for_a_clip_that_is_not_there(config):
    config["train"]["clip"] = None
    stages = plan_stages(config)
    assert stages["train_clip"]["items"] == stages["evaluate_clip"]["items"] == 0
