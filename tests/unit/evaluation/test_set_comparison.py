"""Contrasts of models on external sets: values, intervals, and what counts as a trial."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from made_sets import GOOD, SETTINGS, compare, make_all, make_choices, make_ranks, make_removals
from rule_figures import get_statuses, judge
from unscene.evaluation.pass_rule import HOLDS, NOT_MEASURED
from unscene.evaluation.set_comparison import contrast_models, find_overlap, list_values, take_chance
from unscene.evaluation.statistics import two_level_bootstrap


def test_values_of_each_kind_of_set():
    values = list_values("choices", make_choices("main", GOOD["mcq"]))
    assert set(values["metric"]) == {"accuracy", "accuracy_a", "accuracy_b"}
    assert len(values[values["metric"] == "accuracy"]) == 3 * 240
    ranks = list_values("retrieval", make_ranks("main", 1.0))
    assert set(ranks["metric"]) == {
        f"{way}_recall_at_{k}" for way in ("image_to_text", "text_to_image") for k in (1, 5, 10)
    }
    assert (ranks["value"] == 1).all()
    removals = list_values("removals", make_removals("main", 1.0, 0.0))
    assert removals.groupby("metric")["value"].mean().to_dict() == {
        "indecision": 0.0,
        "true_understanding": 1.0,
    }
    assert set(list_values("classes", make_choices("m", {"a": 1.0}).drop(columns="kind"))["metric"]) == {
        "top1"
    }
    assert list_values("objects", pd.DataFrame({"fold": [0], "seed": [0], "kind": ["class"]})).empty


def test_contrast_is_the_difference_of_means_over_items_and_models(tmp_path):
    tables = make_all(GOOD)
    del tables["mcq", "originals"]
    sets = compare(tmp_path, tables).set_index(["set", "contrast", "metric"])
    row = sets.loc[("mcq", "main-zero_shot", "accuracy")]
    expected = tables["mcq", "main"]["correct"].mean() - tables["mcq", "zero_shot"]["correct"].mean()
    assert row["difference"] == pytest.approx(expected, abs=1e-6)
    assert row["low"] < row["difference"] < row["high"]
    assert (row["n"], row["photos"], row["models"], row["models_reference"]) == (240, 240, 3, 1)
    assert row["role"] == "mcq"
    assert ("mcq", "main-originals", "accuracy") not in sets.index  # not tested there
    captions = sets.loc[("coco", "main-zero_shot", "text_to_image_recall_at_1")]
    assert (captions["n"], captions["photos"]) == (80, 80)


def test_the_corrected_t_stands_beside_the_photos_interval(tmp_path):
    tables = make_all(GOOD)
    sets = compare(tmp_path, tables).set_index(["set", "contrast", "metric"])
    row = sets.loc[("imagenet", "main-zero_shot", "top1")]
    means = [
        tables["imagenet", "main"].query("fold == @fold")["correct"].mean()
        - tables["imagenet", "zero_shot"].query("fold == @fold")["correct"].mean()
        for fold in range(3)
    ]
    reach = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 0.5) * np.var(means, ddof=1))
    assert row["corrected_t_low"] == pytest.approx(np.mean(means) - reach, abs=1e-5)


@pytest.mark.parametrize(("ratio", "why"), [(2.5, "fewer photo groups"), (np.nan, "no contrast")])
def test_a_small_dose_has_no_interval_on_sets_and_a_reason(tmp_path, ratio, why):
    """How far its trainings hang together is not known, so neither interval has a footing."""
    sets = compare(tmp_path, make_all(GOOD), ratio=ratio)
    limits = ["low", "high", "corrected_t_low", "corrected_t_high"]
    assert sets["difference"].notna().all() and sets[limits].isna().all(axis=None)
    assert sets["reason"].str.contains(why).all()
    assert set(get_statuses(judge(tmp_path, sets)).values()) == {HOLDS, NOT_MEASURED}


def test_a_single_model_of_a_dose_keeps_the_interval_of_its_photos(tmp_path):
    tables = {
        name: item[item["fold"].isna() | (item["fold"] == 0)] if name[1] == "main" else item
        for name, item in make_all(GOOD).items()
    }
    sets = compare(tmp_path, tables, ratio=2.5)
    assert sets["low"].notna().all() and sets["corrected_t_low"].isna().all()
    assert set(sets["reason"]) == {"one model: the photos alone vary"}


def test_limits_that_are_there_need_no_reason(tmp_path):
    sets = compare(tmp_path, make_all(GOOD))
    assert sets["reason"].isna().all() and sets["low"].notna().all()


def test_every_level_has_an_interval_by_photo_and_over_models(tmp_path):
    """Of each arm, the untuned one included; as wide as the contrasts' where trainings overlap."""
    tables = make_all(GOOD)
    worse = tables["mcq", "main"].query("fold == 2").index[:15]  # trainings differ by more than photos say
    tables["mcq", "main"].loc[worse, "correct"] = False
    compare(tmp_path, tables)
    found = pd.read_csv(tmp_path / "set_summary.csv").set_index(["set", "model", "metric"])
    row = found.loc["mcq", "main", "accuracy"]
    right = tables["mcq", "main"].pivot(index="photo", columns="fold", values="correct").astype(float)
    wide, narrow = (
        two_level_bootstrap(right.to_numpy(), right.index, 4000, 0.95, 1, ratio) for ratio in (0.5, 0.0)
    )
    assert row["mean"] == pytest.approx(wide[0], abs=1e-6)
    assert (row["low"], row["high"]) == pytest.approx(wide[1:], abs=0.01)
    assert wide[2] - wide[1] > 1.1 * (narrow[2] - narrow[1])
    shares = found.drop("n_items", level="metric")
    assert {"main", "zero_shot", "originals"} == set(shares.index.get_level_values("model"))
    assert (shares["low"] <= shares["mean"]).all() and (shares["mean"] <= shares["high"]).all()
    assert (shares["low"] >= 0).all() and (shares["high"] <= 1).all()
    untuned = shares.xs("zero_shot", level="model")["reason"]
    assert set(untuned.loc[["mcq", "neg", "coco"]]) == {"one model: the photos alone vary"}
    assert shares.xs("main", level="model")["reason"].isna().all()
    counts = found.xs("n_items", level="metric")
    assert counts["low"].isna().all() and set(counts["reason"]) == {"no photo has a value of its own"}


def test_levels_of_a_small_dose_have_no_interval(tmp_path):
    compare(tmp_path, make_all(GOOD), ratio=2.5)
    found = pd.read_csv(tmp_path / "set_summary.csv").query("model == 'main' and metric != 'n_items'")
    assert found["mean"].notna().all() and found[["low", "high"]].isna().all(axis=None)
    assert found["reason"].str.contains("fewer photo groups").all()


@pytest.mark.parametrize(("arm", "ratio"), [("main", 0.5), ("originals", 0.4), ("text", np.nan)])
def test_the_overlap_of_an_arm_is_the_smallest_of_its_contrasts(arm, ratio):
    """A contrast has the larger ratio of its two arms."""
    overlap = pd.Series({"main-zero_shot": 0.5, "main-originals": 0.5, "originals-zero_shot": 0.4})
    assert find_overlap(overlap, arm) == pytest.approx(ratio, nan_ok=True)


def make_questions(right, copies):
    """Values of a model that was asked the same of each photo, so many times over."""
    rows = [
        {
            "run": "0/0",
            "photo": f"p{at}",
            "item": f"q{at}-{turn}",
            "metric": "accuracy",
            "value": float(value),
        }
        for at, value in enumerate(right)
        for turn in range(copies)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("names_photos", [True, False])
def test_ten_questions_on_a_photo_are_no_ten_trials(names_photos):
    rng = np.random.default_rng(0)
    right, wrong = rng.random(150) < 0.55, rng.random(150) < 0.45
    found = []
    for copies in (1, 10):
        frames = [make_questions(answers, copies) for answers in (right, wrong)]
        if not names_photos:
            frames = [frame.drop(columns="photo") for frame in frames]
        found.append(contrast_models(*frames, SETTINGS, 0)["accuracy"])
    assert found[0][:3] == pytest.approx(found[1][:3])
    assert [row[3:5] for row in found] == [(150, 150), (1500, 150)]


def test_values_of_photos_of_an_object_set_are_contrasted_with_arms_and_chance(tmp_path):
    rng = np.random.default_rng(1)
    rows = [
        {
            "fold": fold,
            "seed": 0,
            "kind": "photo",
            "item": f"p{at}",
            "metric": metric,
            "value": rng.normal(0.8, 1),
        }
        for fold in range(2)
        for at in range(300)
        for metric in ("absence_auc_known", "affirmative_auc")
    ]
    value = list_values("objects", pd.DataFrame([*rows, {"fold": 0, "seed": 0, "kind": "class"}]))
    assert set(value["metric"]) == {"absence_auc_known", "affirmative_auc"} and len(value) == len(rows)
    chance = take_chance(value)
    assert set(chance["metric"]) == {"absence_auc_known"} and set(chance["value"]) == {0.5}
    difference, low, high, n, photos, models, *_ = contrast_models(value, chance, SETTINGS, 0, 0.5)[
        "absence_auc_known"
    ]
    mean = np.mean([row["value"] for row in rows if row["metric"] == "absence_auc_known"])
    assert difference == pytest.approx(mean - 0.5) and low < difference < high
    assert (n, photos, models) == (300, 300, 2)
