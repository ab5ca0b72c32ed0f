"""The effect that the plan names for each part of the pass rule, and that the part then holds."""

import copy

import numpy as np
import pytest
import yaml
from scipy import stats
from simulate_rule import CONFIDENCE, TEST_TO_TRAIN, TRAININGS, name_effect

from unscene.evaluation.pass_rule import ALPHA, REQUIREMENTS
from unscene.evaluation.sets.exam import list_exam_sets
from unscene.evaluation.statistics import NO_FOOTING, corrected_t, get_detectable, get_detectable_by_all
from unscene.plan.estimate import read_throughput
from unscene.plan.rule_power import describe_rule, estimate_rule, spread_figure, tell_part

COUNT = {"pairs": 360, "photos": 800, "shams": 600}
WORLD = {"name": "fresh", "photos": 7000, "seed": 1}


@pytest.fixture(scope="module")
def config(checkout):
    return yaml.safe_load((checkout / "config" / "config.yaml").read_text())


def name_all(config, world=None, count=COUNT, **evaluate):
    """The parts of a run of nine trainings."""
    config = copy.deepcopy(config)
    config["train"]["seeds"] = [0, 1, 2]
    config["train"]["arms"]["random"] = {"loss": {"infonce": 1}}  # the demo has not this reference
    config["evaluate"] |= {"world": world, "sets": list_exam_sets(world), **evaluate}
    return estimate_rule(config, read_throughput(), count)["parts"]


def test_every_part_of_the_rule_has_an_effect_of_every_figure_or_a_reason(config):
    parts = name_all(config, WORLD)
    assert list(parts) == ["group score", *(part.name for part in REQUIREMENTS)]
    for requirement in REQUIREMENTS:
        part = parts[requirement.name]
        assert part["effects"].keys() == {bound.metric for bound in requirement.bounds}
        assert part["reason"] is None and part["items"] > 0
    without = name_all(config, count=COUNT | {"shams": 0})
    named = {name for name, part in without.items() if part["effects"]}
    assert named == {
        "group score",
        "absence on ordinary photos",
        "affirmative wordings",
        "queries",
        "placebo",
    }
    assert "role mcq" in without["multiple choice, total"]["reason"]
    assert "edits.sham" in without["sham edits"]["reason"]


def test_a_world_is_asked_where_there_is_one_else_the_folds(config):
    on_world, on_folds = name_all(config, WORLD), name_all(config)
    assert (on_world["queries"]["items"], on_folds["queries"]["items"]) == (7000, 800)
    known = "affirmative wordings", "effects", "affirmative_auc"
    small, large = (parts[known[0]][known[1]][known[2]] for parts in (on_world, on_folds))
    assert small < large
    larger = name_all(config, WORLD | {"photos": 700})
    assert larger["classes kept"]["effects"]["top1"] > on_world["classes kept"]["effects"]["top1"]
    files = [{"name": "coco", "format": "coco_retrieval"}]
    assert name_all(config, sets=files)["retrieval kept"]["items"] == 5000


def test_more_photos_make_no_more_first_places(config):
    """Queries are judged by their first ten: ten times the photos show them no better."""
    queries = [name_all(config, WORLD | {"photos": photos})["queries"]["effects"] for photos in (700, 7000)]
    assert queries[0] == queries[1]
    assert name_all(config)["queries"]["effects"]["wanted_at_10"] > 0.1  # the study: 28 points, +-13.5


def test_a_margin_is_taken_off(config):
    """So many photos show 2 points more easily than none at all."""
    effects = name_all(config)
    asked = effects["affirmative wordings"]["effects"]["affirmative_auc"] + 0.02
    spread = read_throughput()["spreads"]["affirmative_auc"]["value"]
    of_training, error = spread_figure(spread, 0.01, 800, False, (3, 9, 0.5))
    assert asked == pytest.approx(get_detectable_by_all(of_training, error, 9, 0.5, ALPHA), abs=1e-4)


@pytest.mark.parametrize("shares_photos", [True, False])
@pytest.mark.parametrize("is_set", [True, False])
@pytest.mark.parametrize(
    ("spread", "training", "items"), [(0.5, 0.01, 5000), (0.5, 0.002, 400), (0.2, 0.03, 800)]
)
@pytest.mark.parametrize("figures", [1, 4])
def test_a_part_holds_four_times_in_five_at_its_effect(
    is_set, shares_photos, spread, training, items, figures
):
    """Independent figures, each with photos, trainings and what trainings have in common. Photos are
    hard for every training alike, or for each in its own way.
    """
    rng, draws, ratio, trainings = np.random.default_rng(3), 1000, 0.5, 9
    of_training, error = spread_figure(spread, training, items, is_set, (3, trainings, ratio))
    effect = get_detectable_by_all(of_training, error, trainings, ratio, ALPHA, figures)
    held = np.ones(draws, bool)
    for _ in range(figures):
        common = np.sqrt(ratio) * training * rng.normal(size=(draws, 1))
        common += shares_photos * spread / np.sqrt(items) * rng.normal(size=(draws, 1))
        own = rng.normal(scale=training if shares_photos else of_training, size=(draws, trainings))
        found = effect + common + own
        photos = found.mean(axis=1) - stats.norm.ppf(1 - ALPHA / 2) * error
        lows = np.array([corrected_t(row, ratio, 1 - ALPHA)[0] for row in found])
        held &= (photos > 0) & (lows > 0)
    assert held.mean() >= 0.78


def test_several_figures_and_two_intervals_ask_for_more_than_one():
    alone = get_detectable(0.02, 9, 0.5, 0.05)
    one, four = (get_detectable_by_all(0.02, 0.001, 9, 0.5, 0.05, figures) for figures in (1, 4))
    assert alone < one < four
    assert get_detectable_by_all(0.001, 0.02, 9, 0.5, 0.05) == pytest.approx((1.96 + 1.2816) * 0.02, rel=1e-3)


def test_the_simulation_plans_by_the_same_formula(monkeypatch):
    import simulate_rule

    asked = []
    monkeypatch.setattr(simulate_rule, "get_detectable_by_all", lambda *given: asked.append(given) or 0.3)
    (bound,) = next(part.bounds for part in REQUIREMENTS if part.name == "placebo")
    assert name_effect(bound, 1, studies=4) == 0.3
    assert asked[0][2:] == (TRAININGS, TEST_TO_TRAIN, pytest.approx(1 - CONFIDENCE), 1)


def test_the_plan_tells_each_part(config):
    assert (
        tell_part({"effects": {}, "reason": "edits.sham makes none"})
        == "none is named: edits.sham makes none"
    )
    part = {"items": 1200, "what": "pairs", "effects": {"placebo_excess": 0.0041}, "reason": None}
    assert tell_part(part) == "placebo_excess 0.004 below 0 (1,200 pairs)"
    assert tell_part(part | {"effects": {"a": -0.004, "b": 1.5}}).startswith(
        "a -0.4 points, b cannot be shown"
    )
    lines = describe_rule(estimate_rule(config, read_throughput(), COUNT))
    assert len(lines) == 4 + len(REQUIREMENTS) and "power of 0.8" in lines[0]
    items, trainings = lines[-2:]
    assert "items spread is a guess, not measured, for " in items and "sham_flip_rate" in items
    assert "placebo_excess" not in items + trainings and "affirmative_auc" in trainings


def test_a_part_that_no_arm_can_be_tested_for_says_which(config):
    """The verdict will call these parts not measured, whatever the sets are."""
    demo = estimate_rule(config, read_throughput(), COUNT)["parts"]
    assert demo["group score"]["reason"] == "train.arms has no random" and demo["queries"]["effects"]
    arms = [name for name in config["train"]["arms"] if name != "originals"]
    asked = name_all(config, WORLD, set_arms=arms)
    assert asked["classes kept"]["reason"] == "evaluate.set_arms leaves out originals"
    assert asked["queries"]["effects"] and asked["placebo"]["effects"]


def test_a_small_dose_of_the_main_arm_leaves_no_part_to_be_shown(config):
    config = copy.deepcopy(config)
    config["train"]["arms"][config["deploy"]["arm"]]["fraction"] = 0.1
    parts = name_all(config, WORLD)
    assert {part["reason"] for part in parts.values() if "sham" not in (part["reason"] or "")} == {NO_FOOTING}
