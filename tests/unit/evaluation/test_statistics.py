"""Intervals and tests against closed forms, naive loops and simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from unscene.evaluation.comparison import Design, compare_values, mark_primary, summarise_arms
from unscene.evaluation.statistics import (
    adjust_holm,
    cluster_bootstrap,
    corrected_t,
    exact_mcnemar,
    find_detectable_difference,
    interval_of_folds,
    spread_ratio,
    spread_top,
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


def test_a_cluster_a_fold_has_no_spread():
    frame = pd.DataFrame({"share": [1.0, 1.0, 0.0], "cosine": [0.1, 0.2, 0.3]})
    result = cluster_bootstrap(frame, np.array(list("abc")), np.arange(3), 500, 0.95, 1, ["cosine"])
    assert np.isnan(result.loc["cosine", ["low", "high", "p"]].astype(float)).all()
    assert result.loc["cosine", "difference"] == pytest.approx(0.2)
    share = result.loc["share"]
    assert np.isnan(share["p"]) and share["low"] < 0.34 < 1 < share["high"]  # by `limit_rare`
    two = cluster_bootstrap(frame, np.array(list("abc")), np.array([0, 0, 1]), 500, 0.95, 1, ["cosine"])
    assert two.loc["cosine", "low"] < 0.2 < two.loc["cosine", "high"]


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


@pytest.mark.parametrize("ratio", [0.0, 0.5])
def test_models_widen_the_interval_of_the_photos_by_what_photos_do_not_explain(ratio):
    """Photos and models are two effects without interaction, so all that models differ by is their own."""
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(30), rng.integers(1, 4, 30))
    difference = rng.normal(0.1, 1, 30)[group][:, None] + rng.normal(0, 0.5, 4)
    mean, low, high = two_level_bootstrap(difference, group, 4000, 0.9, 1, ratio)
    photos = two_level_bootstrap(difference.mean(axis=1)[:, None], group, 4000, 0.9, 1, ratio)
    sums = pd.DataFrame(difference).groupby(group).sum()
    left = difference.mean(axis=0).var(ddof=1) - sums.var(axis=1).sum() / len(group) ** 2
    reach = stats.t.ppf(0.95, 3) * np.sqrt((1 / 4 + ratio) * left)
    assert mean == pytest.approx(difference.mean()) and left > 0.8 * difference.mean(axis=0).var(ddof=1)
    assert low == pytest.approx(mean - np.hypot(mean - photos[1], reach))
    assert high == pytest.approx(mean + np.hypot(photos[2] - mean, reach))


def test_models_that_differ_by_chance_alone_hardly_widen_the_interval():
    """Nine models that answer each photo in their own way, and are equally good."""
    rng = np.random.default_rng(5)
    wider = []
    for _ in range(40):
        difference = rng.normal(0.1, 1, (300, 1)) + rng.normal(0, 1, (300, 9))
        joint = two_level_bootstrap(difference, np.arange(300), 300, 0.95, 1, 0.5)
        photos = two_level_bootstrap(difference.mean(axis=1)[:, None], np.arange(300), 300, 0.95, 1)
        wider.append((joint[2] - joint[1]) / (photos[2] - photos[1]))
    assert min(wider) == 1 and np.median(wider) < 1.1


def test_one_photo_has_no_interval_and_ten_copies_of_a_question_say_nothing_new():
    assert np.isnan(two_level_bootstrap(np.ones((5, 1)), np.zeros(5), 200, 0.95, seed=1)[1:]).all()
    assert all(np.isnan(two_level_bootstrap(np.ones((0, 3)), [], 200, 0.95, seed=1)))
    value = np.random.default_rng(2).choice([-1.0, 0.0, 1.0], 60)
    one = two_level_bootstrap(value[:, None], np.arange(60), 500, 0.95, seed=1)
    ten = two_level_bootstrap(np.repeat(value, 10)[:, None], np.repeat(np.arange(60), 10), 500, 0.95, seed=1)
    assert one == pytest.approx(ten)


def test_where_no_item_differs_the_limits_are_those_of_agresti_and_min():
    """Their example 1 of a table without discordant pairs has z / (n + 2) around 0."""
    mean, low, high = two_level_bootstrap(np.zeros((50, 1)), np.arange(50), 200, 0.95, seed=1)
    reach = stats.norm.ppf(0.975) / 52
    assert (mean, low, high) == pytest.approx((0, -reach, reach))
    frame = pd.DataFrame({"share": np.zeros(50), "cosine": np.zeros(50)})
    found = cluster_bootstrap(frame, np.arange(50), np.zeros(50), 200, 0.95, 1, unbounded={"cosine"})
    assert found.loc["share", "low"] == pytest.approx(-reach) and found.loc["cosine", "low"] == 0


@pytest.mark.parametrize("photos", [30, 60])
def test_rare_losses_are_covered_where_a_bootstrap_alone_does_not(photos):
    """One item in fifty is lost: the percentiles alone cover 45 % to 70 % of the studies."""
    rng = np.random.default_rng(photos)
    lost = -(rng.random((photos, 1000)) < 0.02).astype(float)
    found = cluster_bootstrap(pd.DataFrame(lost), np.arange(photos), np.zeros(photos), 300, 0.95, 1)
    assert ((found["low"] <= -0.02) & (found["high"] >= -0.02)).mean() >= 0.93


def test_values_of_a_ratio_have_its_mean_and_its_spread():
    rng = np.random.default_rng(3)
    told = rng.random((4000, 200)) < 0.7
    flip = told & (rng.random(told.shape) < 0.2)
    ratios = [flip[:, study].sum() / told[:, study].sum() for study in range(200)]
    values = spread_ratio(flip[:, 0], told[:, 0])
    assert values.mean() == pytest.approx(ratios[0])
    assert values.std() / np.sqrt(4000) == pytest.approx(np.std(ratios), rel=0.15)
    assert np.isnan(spread_ratio([0, 0], [0, 0])).all()


def test_values_of_a_first_page_have_its_mean_and_its_spread():
    """Precision at 10 over pools that are drawn anew, against one pool's values."""
    rng = np.random.default_rng(6)
    shares, spreads = [], []
    for _ in range(400):
        score, hit = rng.normal(size=500), rng.random(500) < 0.4
        order = np.argsort(-score)[:10]
        values = spread_top(hit[order], 500, order)
        assert values.mean() == pytest.approx(hit[order].mean())
        shares.append(hit[order].mean())
        spreads.append(values.std() / np.sqrt(500))
    assert np.mean(spreads) == pytest.approx(np.std(shares), rel=0.1)


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


def make_arms(folds, seed=0, shares=(("base", 0.3), ("tuned", 0.6)), repeats=1):
    """Values of arms on 120 pairs; each further training seed has a split of its own."""
    rng = np.random.default_rng(seed)
    frames = []
    for training in range(repeats):
        fold = rng.permutation(np.arange(120) % folds)
        rows = pd.DataFrame({"item": [f"e{i}" for i in range(120)], "fold": fold, "seed": training})
        rows["group"] = rows["item"]
        frames += [rows.assign(arm=arm, group_score=(rng.random(120) < share) * 1.0) for arm, share in shares]
    return pd.concat(frames, ignore_index=True)


SETTINGS = {"bootstrap_draws": 100, "confidence": 0.9}


@pytest.mark.parametrize("folds", [2, 3, 5])
@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.9])
def test_contrasts_widen_by_the_ratio_of_test_to_training_part(folds, ratio):
    value = make_arms(folds)
    row = compare_values(value, [("tuned", "base")], SETTINGS, 1, Design({"tuned": ratio, "base": 0.0})).iloc[
        0
    ]
    wide = value.pivot(index=["item", "fold"], columns="arm", values="group_score")
    of_folds = (wide["tuned"] - wide["base"]).groupby("fold").mean().to_numpy()
    error = np.sqrt((1 / folds + ratio) * of_folds.var(ddof=1))
    reach = stats.t.ppf(0.95, folds - 1) * error
    assert row["corrected_t_low"] == pytest.approx(of_folds.mean() - reach)
    assert row["corrected_t_high"] == pytest.approx(of_folds.mean() + reach)
    assert row["corrected_t_p"] == pytest.approx(2 * stats.t.sf(abs(of_folds.mean()) / error, folds - 1))
    assert (row["test_to_train"], row["reason"], row["folds"]) == (ratio, None, folds)


def test_repeated_splits_are_tested_parts_of_their_own():
    """Three splits in three folds: nine differences, one more item none (Bouckaert and Frank 2004)."""
    value = make_arms(3, repeats=3)
    runs = value.groupby(["arm", "fold", "seed"]).size().reset_index()
    runs = runs.assign(n_groups=40, n_training_groups=np.where(runs["arm"] == "base", 0, 80))
    design = Design.of(runs, value)
    assert design == Design({"base": 0.0, "tuned": 0.5}, ("fold", "seed"))
    row = compare_values(value, [("tuned", "base")], SETTINGS, 1, design).iloc[0]
    wide = value.pivot(index=["item", "fold", "seed"], columns="arm", values="group_score")
    difference = wide["tuned"] - wide["base"]
    of_parts = difference.groupby(["fold", "seed"]).mean()
    error = np.sqrt((1 / 9 + 1 / 2) * of_parts.var(ddof=1))
    assert row["corrected_t_low"] == pytest.approx(of_parts.mean() - stats.t.ppf(0.95, 8) * error)
    assert (row["folds"], row["n"], row["groups"]) == (9, 120, 120)
    assert row["difference"] == pytest.approx(difference.mean())


def test_seeds_on_one_split_are_averaged_within_it():
    value = pd.concat([make_arms(3), make_arms(3, shares=(("base", 0.4), ("tuned", 0.7))).assign(seed=1)])
    first = make_arms(3)
    value["fold"] = value["item"].map(first.drop_duplicates("item").set_index("item")["fold"])
    runs = (
        value.groupby(["arm", "fold", "seed"]).size().reset_index().assign(n_groups=40, n_training_groups=80)
    )
    design = Design.of(runs, value)
    assert design.parts == ("fold",)
    assert compare_values(value, [("tuned", "base")], SETTINGS, 1, design).iloc[0]["folds"] == 3


def test_a_dose_that_is_smaller_than_the_test_part_has_no_corrected_t():
    runs = pd.DataFrame(
        {"arm": ["all", "half", "tenth", "zero_shot"], "n_groups": 40, "n_training_groups": [80, 40, 8, 0]}
    )
    design = Design.of(runs, pd.DataFrame({"item": ["e"], "fold": [0]}))
    assert design.test_to_train == {"all": 0.5, "half": 1.0, "tenth": 5.0, "zero_shot": 0.0}
    value = make_arms(3, seed=2, shares=(("zero_shot", 0.3), ("tenth", 0.5), ("all", 0.6)))
    found = compare_values(
        value, [("tenth", "zero_shot"), ("all", "tenth"), ("all", "zero_shot")], SETTINGS, 1, design
    )
    found = found.set_index("contrast")
    for contrast in ("tenth-zero_shot", "all-tenth"):
        row = found.loc[contrast]
        assert np.isnan(row[["corrected_t_low", "corrected_t_p", "detectable"]].astype(float)).all()
        assert "fewer photo groups" in row["reason"] and row["low"] < row["difference"]
    assert found.loc["all-zero_shot", "corrected_t_low"] < found.loc["all-zero_shot", "difference"]
    run = value.groupby(["arm", "fold", "seed"])["group_score"].mean().reset_index()
    summary = summarise_arms(run, 0.95, design).set_index("arm")
    assert np.isnan(summary.loc["tenth", "low"]) and "fewer photo groups" in summary.loc["tenth", "reason"]
    of_folds = run[run["arm"] == "all"]["group_score"]
    reach = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 0.5) * of_folds.var())
    assert summary.loc["all", "low"] == pytest.approx(of_folds.mean() - reach)
    assert summary["reason"].isna().tolist() == [name != "tenth" for name in summary.index]


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


def test_another_split_asks_an_untuned_arm_nothing_new():
    runs = pd.DataFrame([("zero_shot", f, s, 0.1 * f + s) for s in (0, 1) for f in (0, 1, 2)])
    runs.columns = ["arm", "fold", "seed", "group_score"]
    design = Design({"zero_shot": 0.0, "tuned": 0.5}, ("fold", "seed"))
    runs = pd.concat([runs, runs.assign(arm="tuned")])
    row = summarise_arms(runs, 0.95, design).set_index("arm")
    assert row.loc["zero_shot", "n"] == 3 and row.loc["zero_shot", "mean"] == pytest.approx(0.1)
    assert row.loc["tuned", "n"] == 6 and row.loc["tuned", "mean"] == pytest.approx(0.6)


def test_contrasts_of_untuned_arms_have_the_parts_of_one_split():
    rng = np.random.default_rng(0)
    rows = [
        {
            "arm": arm,
            "fold": (i + s) % 3,
            "seed": s,
            "item": f"i{i}",
            "group": f"g{i}",
            "presence": rng.random(),
        }
        for arm in ("zero_shot", "arithmetic", "tuned")
        for s in (0, 1)
        for i in range(30)
    ]
    design = Design({"zero_shot": 0.0, "arithmetic": 0.0, "tuned": 0.5}, ("fold", "seed"))
    contrasts = [("arithmetic", "zero_shot"), ("tuned", "zero_shot")]
    settings = {"bootstrap_draws": 50, "confidence": 0.95}
    found = compare_values(pd.DataFrame(rows), contrasts, settings, 0, design)
    assert found["folds"].tolist() == [3, 6] and found["corrected_t_low"].notna().all()
