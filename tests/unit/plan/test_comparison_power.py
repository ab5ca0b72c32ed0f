"""What a study's design can find: against trainings that are drawn, and the way it grows with repeats."""

import re

import numpy as np
import pytest

from unscene.evaluation.statistics import corrected_t, get_detectable
from unscene.plan.comparison_power import (
    count_photos_needed,
    describe_comparison,
    estimate_comparison,
    list_guesses,
    tell_difference,
)

SPREADS = {"group_score": 0.5, "absence_auc": 0.2, "recall_at_1": 0.5, "training": 0.01}
ASSUMED = {"spreads": {name: {"value": value, "kind": "measured"} for name, value in SPREADS.items()}}
ASSUMED["spreads"]["training"]["kind"] = "assumed"


def plan(folds=5, seeds=1, pairs=4000, photos=30000, max_photos=2000, inner=0.0, main=None):
    arms = {"zero_shot": {}, "originals": {"loss": {"infonce": 1}}, "main": main or {"loss": {"rank": 1}}}
    settings = {
        "folds": {"folds": folds},
        "train": {"seeds": list(range(seeds)), "inner_share": inner, "arms": arms},
        "deploy": {"arm": "main"},
        "evaluate": {"max_photos": max_photos},
    }
    return estimate_comparison(settings, ASSUMED, {"pairs": pairs, "photos": photos})


@pytest.mark.parametrize(("trainings", "ratio", "alpha"), [(3, 0.5, 0.05), (15, 0.25, 0.05 / 3)])
def test_the_detectable_difference_is_found_four_times_in_five(trainings, ratio, alpha):
    """Trainings whose parts overlap share an error: its variance is the ratio's part of theirs."""
    rng, spread, draws = np.random.default_rng(1), 0.03, 6000
    shared = rng.normal(scale=np.sqrt(ratio) * spread, size=(draws, 1))
    found = get_detectable(spread, trainings, ratio, alpha) + shared
    found = found + rng.normal(scale=spread, size=(draws, trainings))
    power = np.mean([corrected_t(row, ratio, 0.95)[2] < alpha for row in found])
    assert power == pytest.approx(0.8, abs=0.02)


def test_a_design_is_described_by_what_it_tests():
    found = plan(folds=5, seeds=2, inner=0.2)
    assert (found["folds"], found["repeats"]) == (5, 2)
    assert found["test_to_train"] == pytest.approx(1 / (4 * 0.8), abs=1e-4)
    group, recall = (found["figures"][name] for name in ("group_score", "recall_at_1"))
    assert (group["items"], recall["items"]) == (800, 2000)  # photos: at most evaluate.max_photos
    assert group["spread"] == pytest.approx(np.hypot(0.5 / np.sqrt(800), 0.01), abs=1e-5)
    assert list(group["detectable"]) == ["2", "3", "4"]
    assert group["detectable"]["2"] == pytest.approx(
        get_detectable(group["spread"], 10, 1 / 3.2, 0.05 / 3), abs=1e-4
    )


def test_repeats_buy_less_and_less_and_never_more_than_the_overlap_allows():
    by_repeats = [plan(folds=3, seeds=n)["figures"]["group_score"]["detectable"][str(n)] for n in range(1, 9)]
    gains = -np.diff(by_repeats)
    assert (gains > 0).all() and (np.diff(gains) < 0).all()
    spread = plan(folds=3)["figures"]["group_score"]["spread"]
    assert by_repeats[-1] > spread * np.sqrt(0.5) * (2.39 + 0.84)  # z of .05 / 6 and of power .8


def test_photos_for_a_margin_show_it_four_times_in_five():
    photos = count_photos_needed(0.5, 0.01)
    rng = np.random.default_rng(2)
    means = rng.normal(scale=0.5 / np.sqrt(photos), size=20000)
    assert np.mean(means - 1.96 * 0.5 / np.sqrt(photos) > -0.01) == pytest.approx(0.8, abs=0.01)


def test_the_plan_says_what_a_repeat_buys():
    text = "\n".join(describe_comparison(plan(folds=3, seeds=3, pairs=750)))
    assert "9 trainings an arm, 3 folds in 3 splits" in text
    lines = [line for line in text.splitlines() if "a fold, spread" in line]
    assert len(lines) == 3 and all(line.endswith(", a guess of trainings)") for line in lines)
    measured = {**ASSUMED["spreads"], "training_absence_auc": {"value": 0.02, "kind": "measured"}}
    assert list_guesses({"spreads": measured}, "absence_auc") == []
    assert "250 pairs a fold" in text and "with one repeat more" in text and "19,6" in text


def test_no_difference_is_promised_that_a_figure_cannot_have():
    assert tell_difference("group_score", 0.031) == "3.1 points"
    found = plan(folds=2, pairs=4, photos=6)
    now = {name: next(iter(figure["detectable"].values())) for name, figure in found["figures"].items()}
    assert now["group_score"] > 1 and now["recall_at_1"] > 1
    text = "\n".join(describe_comparison(found))
    assert "group score, against each of its references: cannot be shown with so few pairs" in text
    assert "recall at 1 on untouched photos: cannot be shown with so few photos" in text
    assert all(float(points) < 100 for points in re.findall(r"([\d.]+) points", text))


def test_an_arm_that_trains_on_a_part_has_the_overlap_of_that_part():
    half = plan(folds=5, main={"loss": {"rank": 1}, "fraction": 0.5})
    assert half["test_to_train"] == pytest.approx(1 / (4 * 0.5))
    whole, of_half = (found["figures"]["group_score"]["detectable"]["1"] for found in (plan(), half))
    assert of_half > whole
    tenth = plan(folds=5, main={"loss": {"rank": 1}, "fraction": 0.1})
    assert set(tenth["figures"]["group_score"]["detectable"].values()) == {None}
    assert "cannot be tested: an arm was trained on fewer" in "\n".join(describe_comparison(tenth))
