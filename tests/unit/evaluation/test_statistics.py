"""Intervals and tests against closed forms, naive loops and simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from unscene.evaluation.comparison import compare_values, mark_primary
from unscene.evaluation.pass_rule import (
    FAILS,
    HOLDS,
    NOT_DECIDED,
    NOT_MEASURED,
    Part,
    decide,
    judge_bound,
    judge_primary,
)
from unscene.evaluation.statistics import (
    adjust_holm,
    cluster_bootstrap,
    corrected_t,
    exact_mcnemar,
    find_detectable_difference,
    interval_of_folds,
    two_level_bootstrap,
)


def make_clusters(rng, folds=3, groups=12):
    rows = []
    for fold in range(folds):
        for group in range(groups):
            centre = rng.normal(0.2, 1)
            rows += [
                (fold, f"g{fold}-{group}", centre + rng.normal(0, 0.1)) for _ in range(rng.integers(1, 4))
            ]
    return pd.DataFrame(rows, columns=["fold", "group", "value"])


def test_interval_of_folds_is_the_one_of_scipy():
    values = np.array([0.2, 0.5, 0.35, 0.4])
    mean, low, high = interval_of_folds(values, 0.9)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert mean == pytest.approx(0.3625)
    assert np.isnan(interval_of_folds([0.5], 0.9)[1])
    assert interval_of_folds([0.5, np.nan, 0.7], 0.9)[0] == pytest.approx(0.6)


def test_corrected_t_widens_the_plain_t_as_published():
    differences = np.array([0.02, 0.05, 0.01, 0.04, 0.03])
    plain = stats.ttest_1samp(differences, 0)
    assert corrected_t(differences, 0.0, 0.95)[2] == pytest.approx(plain.pvalue)
    low, high, p = corrected_t(differences, 1 / 4, 0.95)
    assert (high - low) / (
        plain.confidence_interval().high - plain.confidence_interval().low
    ) == pytest.approx(1.5)
    t = differences.mean() / np.sqrt(0.45 * differences.var(ddof=1))  # k = 5: 1/5 + 1/4
    assert p == pytest.approx(2 * stats.t.sf(t, 4))


def test_corrected_t_without_variance_or_values():
    assert corrected_t([0.1, 0.1], 1.0, 0.95) == pytest.approx((0.1, 0.1, 0.0))
    assert corrected_t([0.0, 0.0], 1.0, 0.95)[2] == 1.0
    assert np.isnan(corrected_t([0.3], 1.0, 0.95)[2])


def test_cluster_bootstrap_equals_a_naive_loop_in_distribution():
    item = make_clusters(np.random.default_rng(0))
    ours = cluster_bootstrap(item[["value"]], item["group"], item["fold"], 4000, 0.95, seed=1).loc["value"]
    rng, means = np.random.default_rng(2), []
    by_fold = [
        [rows["value"].to_numpy() for _, rows in of_fold.groupby("group")]
        for _, of_fold in item.groupby("fold")
    ]
    for _ in range(4000):
        chosen = [groups[at] for groups in by_fold for at in rng.integers(len(groups), size=len(groups))]
        means.append(np.concatenate(chosen).mean())
    assert ours["difference"] == pytest.approx(item["value"].mean())
    assert ours["n"] == len(item)
    spread = np.std(means)
    assert ours[["low", "high"]].to_numpy(float) == pytest.approx(
        np.quantile(means, [0.025, 0.975]), abs=0.15 * spread
    )


def test_cluster_bootstrap_respects_clusters():
    """Ten copies of each group say nothing new: the interval stays, where one over items would shrink."""
    item = make_clusters(np.random.default_rng(3))
    tenfold = pd.concat([item] * 10)
    one, ten = (
        cluster_bootstrap(frame[["value"]], frame["group"], frame["fold"], 1000, 0.95, seed=1).loc["value"]
        for frame in (item, tenfold)
    )
    assert (one["low"], one["high"], one["p"]) == pytest.approx((ten["low"], ten["high"], ten["p"]))


def test_cluster_bootstrap_handles_missing_values_and_certain_differences():
    frame = pd.DataFrame({"none": np.nan, "half": [1.0, np.nan] * 10, "zero": 0.0})
    group, fold = np.arange(20).astype(str), np.repeat([0, 1], 10)
    result = cluster_bootstrap(frame, group, fold, 500, 0.95, seed=1)
    assert result.loc["none", "n"] == 0 and np.isnan(result.loc["none", "p"])
    assert result.loc["half", "n"] == 10 and result.loc["half", "difference"] == 1
    assert result.loc["half", "p"] == pytest.approx(2 / 501)
    assert result.loc["zero", "p"] == 1


def test_cluster_bootstrap_keeps_its_error_rate():
    """400 data sets without a difference: about 5 % of the intervals miss zero."""
    rng = np.random.default_rng(5)
    columns = {}
    groups = np.repeat(np.arange(60), 2)
    for trial in range(400):
        columns[trial] = rng.normal(size=60)[groups] + 0.2 * rng.normal(size=120)
    result = cluster_bootstrap(pd.DataFrame(columns), groups, groups % 3, 500, 0.95, seed=1)
    missed = ((result["low"] > 0) | (result["high"] < 0)).mean()
    assert 0.02 < missed < 0.10
    assert abs((result["p"] < 0.05).mean() - missed) < 0.02


def test_mcnemar_on_a_published_example():
    """Approval of a prime minister, 1,600 people asked twice (Agresti, Categorical Data Analysis,
    10.1): 150 and 86 changed.
    """
    one = np.repeat([True, True, False, False], [794, 150, 86, 570])
    other = np.repeat([True, False, True, False], [794, 150, 86, 570])
    assert exact_mcnemar(one, other) == pytest.approx(stats.binomtest(86, 236).pvalue)
    assert exact_mcnemar(one, other) == pytest.approx(3.7e-5, rel=0.02)
    assert exact_mcnemar(one, one) == 1.0
    assert np.isnan(exact_mcnemar([], []))
    with pytest.raises(ValueError, match="paired"):
        exact_mcnemar([True], [True, False])


def test_holm_step_by_step_and_a_missing_test_counts():
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    adjusted = adjust_holm([0.01, np.nan, 0.03])
    assert adjusted[[0, 2]] == pytest.approx([0.03, 0.06]) and np.isnan(adjusted[1])
    assert len(adjust_holm([])) == 0


def test_detectable_difference_is_found_as_often_as_it_says():
    """Simulated: independent folds (test_to_train 0), where the corrected t is the plain t."""
    rng = np.random.default_rng(11)
    spread = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    detectable = find_detectable_difference(spread, 0.0, 0.95, power=0.8)
    found = [
        corrected_t(rng.normal(detectable, spread.std(ddof=1), 5), 0.0, 0.95)[2] < 0.05 for _ in range(2000)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)
    assert find_detectable_difference(spread, 0.25, 0.95) == pytest.approx(1.5 * detectable)
    assert np.isnan(find_detectable_difference([0.1], 0.25, 0.95))
    assert find_detectable_difference([0.1, 0.1], 0.25, 0.95) == 0


def make_comparison(**holm):
    rows = [(f"main-{name}", "group_score", True, 0.2, 0.1, p) for name, p in holm.items()]
    return pd.DataFrame(rows, columns=["contrast", "metric", "is_primary", "difference", "low", "holm_p"])


def test_primary_part_needs_every_contrast_and_both_tests():
    comparison = make_comparison(zero_shot=0.01, originals=0.04)
    assert judge_primary(comparison, "main", ["zero_shot", "originals"]).status == HOLDS
    assert (
        judge_primary(comparison.assign(low=[0.1, -0.01]), "main", ["zero_shot", "originals"]).status == FAILS
    )
    assert judge_primary(make_comparison(zero_shot=0.06), "main", ["zero_shot"]).status == FAILS
    assert (
        judge_primary(make_comparison(zero_shot=0.01).assign(difference=-0.2), "main", ["zero_shot"]).status
        == FAILS
    )
    missing = judge_primary(comparison, "main", ["zero_shot", "random"])
    assert missing.status == NOT_MEASURED and "main-random" in missing.found


def test_verdict_is_not_decided_while_a_part_was_not_measured():
    good = Part("group score", "", HOLDS, "")
    bound = judge_bound("forgetting", "lower bound above -1 point", {"ImageNet": -0.005, "COCO": None}, -0.01)
    assert bound.status == NOT_MEASURED and "COCO" in bound.found and "ImageNet" in bound.found
    undecided = decide([good, bound])
    assert undecided["verdict"] == NOT_DECIDED and undecided["not_measured"] == ["forgetting"]
    assert "forgetting" in undecided["sentence"]
    assert judge_bound("forgetting", "", {"ImageNet": -0.02, "COCO": None}, -0.01).status == FAILS
    assert decide([good, judge_bound("forgetting", "", {"ImageNet": 0.0}, -0.01)])["verdict"] == HOLDS
    assert decide([judge_bound("forgetting", "", {"ImageNet": -0.01}, -0.01), good])["verdict"] == FAILS
    assert judge_bound("nothing", "", {}, 0).status == NOT_MEASURED


def test_pass_rule_seldom_fires_without_a_difference_and_often_with_a_large_one():
    """A few of the studies of `simulate_study.py`, which prints the rates over 1,000."""
    from simulate_study import measure_rates

    assert measure_rates(main_noise=3.0, studies=30)["passes"] <= 0.1
    assert measure_rates(main_noise=0.3, studies=12)["passes"] >= 0.5


def test_two_level_bootstrap_equals_a_naive_loop_in_distribution():
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(30), rng.integers(1, 4, 30))
    difference = (
        rng.normal(0.1, 1, 30)[group][:, None] + rng.normal(0, 0.5, 4) + rng.normal(0, 0.1, (len(group), 4))
    )
    mean, low, high = two_level_bootstrap(difference, group, 4000, 0.9, seed=1)
    naive = []
    for _ in range(4000):
        rows = np.concatenate([np.flatnonzero(group == g) for g in rng.integers(30, size=30)])
        naive.append(difference[rows][:, rng.integers(4, size=4)].mean())
    assert mean == pytest.approx(difference.mean())
    assert (low, high) == pytest.approx(tuple(np.quantile(naive, [0.05, 0.95])), abs=0.15 * np.std(naive))


def test_two_level_bootstrap_of_one_model_and_of_none():
    certain = two_level_bootstrap(np.ones((5, 1)), np.arange(5), 200, 0.95, seed=1)
    assert certain == (1.0, 1.0, 1.0)
    assert all(np.isnan(two_level_bootstrap(np.ones((0, 3)), [], 200, 0.95, seed=1)))


def test_intervals_are_percentiles_of_their_level():
    """Means of many groups are normal: the limits stand 1.96 and 1.28 standard errors away."""
    rng = np.random.default_rng(8)
    value = rng.normal(0.3, 1, 2000)
    group, fold = np.arange(2000).astype(str), np.zeros(2000, int)
    error = value.std(ddof=1) / np.sqrt(2000)
    for confidence in (0.95, 0.8):
        reach = stats.norm.ppf((1 + confidence) / 2) * error
        one = cluster_bootstrap(pd.DataFrame({"v": value}), group, fold, 6000, confidence, seed=1).loc["v"]
        two = two_level_bootstrap(value[:, None], group, 6000, confidence, seed=2)
        for low, high in ((one["low"], one["high"]), two[1:]):
            assert low == pytest.approx(value.mean() - reach, abs=0.06 * reach)
            assert high == pytest.approx(value.mean() + reach, abs=0.06 * reach)


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_contrasts_widen_by_the_ratio_of_test_to_training_part(folds):
    rng = np.random.default_rng(folds)
    rows = pd.DataFrame({"edit_id": [f"e{i}" for i in range(120)], "fold": np.arange(120) % folds})
    rows["group"] = rows["edit_id"]
    value = pd.concat(
        rows.assign(arm=arm, group_score=(rng.random(120) < share).astype(float))
        for arm, share in (("base", 0.3), ("tuned", 0.6))
    )
    settings = {"bootstrap_draws": 100, "confidence": 0.9}
    row = compare_values(value, [("tuned", "base")], settings, 1).iloc[0]
    wide = value.pivot(index=["edit_id", "fold"], columns="arm", values="group_score")
    of_folds = (wide["tuned"] - wide["base"]).groupby("fold").mean().to_numpy()
    # k - 1 of k parts train, one tests: the variance over folds counts 1/k + 1/(k - 1) times.
    error = np.sqrt((1 / folds + 1 / (folds - 1)) * of_folds.var(ddof=1))
    reach = stats.t.ppf(0.95, folds - 1) * error
    assert row["corrected_t_low"] == pytest.approx(of_folds.mean() - reach)
    assert row["corrected_t_high"] == pytest.approx(of_folds.mean() + reach)
    assert row["corrected_t_p"] == pytest.approx(2 * stats.t.sf(abs(of_folds.mean()) / error, folds - 1))


def test_holm_is_over_the_primary_family_tested_or_not():
    rows = [
        ("main-zero_shot", 0.01),
        ("main-originals", 0.02),
        ("main-extra", 1e-9),
        ("random-zero_shot", 1e-9),
    ]
    comparison = pd.DataFrame(rows, columns=["contrast", "corrected_t_p"]).assign(metric="group_score")
    other = comparison.assign(metric="presence", corrected_t_p=1e-9)
    marked = mark_primary(pd.concat([comparison, other], ignore_index=True), "main")
    assert marked["is_primary"].tolist() == [True, True, *[False] * 6]
    # Three hypotheses, though main-random was not trained: 3 x .01, then 2 x .02.
    assert marked["holm_p"].iloc[:2].tolist() == pytest.approx([0.03, 0.04])
    assert marked["holm_p"].iloc[2:].isna().all()
