"""Bounds and tests of the batch-size study, against scipy and statsmodels, against loops, and
against samples drawn with a known truth.
"""

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from unscene.batchsize import noninferiority as ni


def draw_answers(rng, captions, size, permutations, loss, clustered):
    """Draw (change, caption, prompt) as answers come: each caption has an own chance of error, one
    answer at n = 1, and one in each of several random partitions into prompts. loss: the true
    difference of accuracy. clustered: the share of prompts that bears it.
    """
    hard = rng.beta(0.4, 6, captions)
    base = rng.random(captions) >= hard
    changes, prompts = [], []
    for permutation in range(permutations):
        order = rng.permutation(captions)
        prompt = np.empty(captions, int)
        prompt[order] = np.arange(captions) // size
        bad = rng.random(prompt.max() + 1) < clustered
        # Right answers are (1 - hard) of all: so many of them are lost that `loss` is lost in the mean.
        lost = bad[prompt] & (rng.random(captions) < loss / clustered / (6 / 6.4))
        right = (rng.random(captions) >= hard) & ~lost
        changes.append(right.astype(float) - base)
        prompts.append(prompt + permutation * captions)
    caption = np.tile(np.arange(captions), permutations)
    return np.concatenate(changes), caption, np.unique(np.concatenate(prompts), return_inverse=True)[1]


def test_bounds_of_rates_are_their_definitions():
    for events, trials in ((0, 50), (3, 200), (17, 40)):
        upper, lower = ni.get_upper_bound(events, trials), ni.get_lower_bound(events, trials)
        assert stats.binom.cdf(events, trials, upper) == pytest.approx(0.05, abs=1e-9)
        two_sided = stats.binomtest(events, trials).proportion_ci(0.9)
        assert (lower, upper) == pytest.approx((two_sided.low, two_sided.high))
    assert ni.get_upper_bound(0, 0) == 1 and ni.get_upper_bound(3, 3) == 1 and ni.get_lower_bound(0, 5) == 0


def test_mcnemar_without_clusters_is_that_of_statsmodels():
    for lost, won in ((9, 2), (0, 6), (30, 41), (5, 5)):
        sums = np.repeat([-1, 1, 0], [lost, won, 20])
        known = mcnemar([[100, lost], [won, 50]], exact=True).pvalue
        assert ni.get_mcnemar_p(sums) == pytest.approx(min(known, 1.0))
    assert ni.get_mcnemar_p(np.zeros(4)) == 1


def test_clustered_mcnemar_counts_all_signs_of_prompts():
    sums = np.array([3, -1, 0, 2, 2, -5])
    totals = [abs(np.dot(signs, np.abs(sums))) for signs in itertools.product((-1, 1), repeat=len(sums))]
    assert ni.get_mcnemar_p(sums) == pytest.approx(np.mean(np.array(totals) >= abs(sums.sum())))


def test_mcnemar_is_not_fooled_by_prompts_that_fail_as_a_whole():
    """No difference in the mean, but whole prompts win or lose: one test in twenty rejects, and five
    times as many when the captions are taken as independent.
    """
    rng = np.random.default_rng(4)
    clustered = naive = 0
    for _ in range(400):
        sums = rng.binomial(10, 0.4, size=60) * rng.choice([-1, 0, 0, 1], size=60)
        clustered += ni.get_mcnemar_p(sums) < 0.05
        naive += ni.get_mcnemar_p(np.repeat(np.sign(sums), np.abs(sums))) < 0.05
    assert clustered <= 31  # P(X > 31) = .01 at .05
    assert naive > 100


def test_drawn_means_are_a_cluster_bootstrap():
    """The weighted multinomial draw against drawing clusters one by one: same mean, spread and quantiles."""
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 30, 80)
    sums = rng.normal(-0.1, 0.3, 80) * sizes
    fast = ni.draw_means(sums, sizes, 20_000, seed=1)
    naive = np.empty(20_000)
    for draw in range(len(naive)):
        chosen = rng.integers(80, size=80)
        naive[draw] = sums[chosen].sum() / sizes[chosen].sum()
    assert fast.mean() == pytest.approx(naive.mean(), abs=4 * naive.std() / 100)
    assert fast.std() == pytest.approx(naive.std(), rel=0.03)
    assert np.quantile(fast, 0.05) == pytest.approx(np.quantile(naive, 0.05), abs=0.03 * naive.std() * 4)


def test_bca_quantiles_agree_with_scipy():
    rng = np.random.default_rng(5)
    values = rng.exponential(size=60) ** 2
    drawn, influence = ni.draw_means(values, np.ones(60), 50_000, 1), values - values.mean()
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=0.9, n_resamples=50_000, method="BCa", rng=1
    ).confidence_interval
    ours = [ni.get_bca_quantile(drawn, values.mean(), influence, share) for share in (0.05, 0.95)]
    assert ours == pytest.approx([theirs.low, theirs.high], abs=0.12 * values.std() / math.sqrt(60))


def test_variance_counts_prompts_and_captions():
    """By loops; never below that by prompts."""
    rng = np.random.default_rng(2)
    caption = np.repeat(np.arange(100), 3)
    prompt = np.unique(rng.integers(40, size=300), return_inverse=True)[1]
    influence = np.repeat(rng.normal(size=100), 3) + 0.1 * rng.normal(size=300)
    by_caption = sum(influence[caption == c].sum() ** 2 for c in set(caption))
    by_prompt = sum(influence[prompt == p].sum() ** 2 for p in set(prompt))
    both = by_caption + by_prompt - (influence**2).sum()
    assert ni.get_variance(influence, caption, prompt) == pytest.approx((both, by_prompt))
    cancelling = np.array([1.0, -1, 1, -1])
    assert ni.get_variance(cancelling, np.array([0, 0, 1, 1]), np.arange(4)) == (4, 4)


def test_bound_widens_for_captions_in_several_prompts():
    rng = np.random.default_rng(2)
    caption = np.repeat(np.arange(100), 3)
    prompt = np.unique(rng.integers(40, size=300), return_inverse=True)[1]
    difference = np.repeat(rng.normal(size=100), 3) + 0.1 * rng.normal(size=300)
    bound = ni.bound_mean(difference, caption, prompt, 2000, seed=1)
    both, by_prompt = ni.get_variance(difference - difference.mean(), caption, prompt)
    assert bound["widening"] == pytest.approx(math.sqrt(both / by_prompt)) and bound["widening"] > 1.3
    assert bound["error"] == pytest.approx(math.sqrt(both) / 300)
    single = ni.bound_mean(difference[::3], np.arange(100), np.arange(100) // 5, 2000, seed=1)
    assert single["widening"] == pytest.approx(1)
    for end, sign in (("low", -1), ("high", 1)):
        reach = single["difference"] + sign * 1.645 * single["error"]
        assert single[end] == pytest.approx(reach, abs=0.5 * single["error"])


def test_a_true_loss_of_the_margin_passes_in_one_study_of_twenty():
    """At the margin, with captions in three prompts each and a loss that comes in whole prompts.
    Were the captions taken as independent, twice as many would pass.
    """
    rng = np.random.default_rng(11)
    passed = shown = naive = 0
    for sample in range(400):
        change, caption, prompt = draw_answers(rng, 600, 20, 3, loss=0.03, clustered=0.2)
        bound = ni.bound_mean(change, caption, prompt, 400, seed=sample)
        passed += bound["low"] > -0.03
        shown += bound["high"] < -0.03
        naive += change.mean() - 1.645 * change.std() / len(change) ** 0.5 > -0.03
    assert passed <= 31 and shown <= 31  # P(X > 31) = .01 at .05
    assert passed + shown >= 14  # and the bounds are not loose: P(X < 14) < .001 at .10
    assert naive > 40


def test_recall_is_a_ratio_of_sums():
    bound = ni.bound_mean([1, 0, -1, 0], np.arange(4), np.arange(4), 500, 1, size=[2, 1, 3, 4])
    assert bound["difference"] == 0 and bound["widening"] == 1
    assert math.isnan(ni.bound_mean([0.0], np.zeros(1, int), np.zeros(1, int), 10, 1, size=[0])["low"])


def test_decline_is_the_slope_of_statsmodels():
    rng = np.random.default_rng(8)
    place, prompt = np.tile(np.linspace(0, 1, 20), 50), np.repeat(np.arange(50), 20)
    caption = rng.permutation(1000)
    change = -0.1 * place + rng.normal(size=1000) + rng.normal(size=50)[prompt]
    fit = sm.OLS(change, sm.add_constant(place)).fit(
        cov_type="cluster", cov_kwds={"groups": prompt, "use_correction": False}
    )
    bound = ni.bound_decline(change, place, caption, prompt)
    assert bound["decline"] == pytest.approx(-fit.params[1])
    assert bound["error"] == pytest.approx(fit.bse[1])
    low, high = -fit.params[1] + np.array([-1, 1]) * fit.bse[1] * stats.t.ppf(0.95, 49)
    assert (bound["low"], bound["high"]) == pytest.approx((low, high))
    assert math.isnan(ni.bound_decline(change, np.ones(1000), caption, prompt)["high"])


def test_a_true_decline_at_the_limit_passes_in_one_study_of_twenty():
    """Prompts differ in how fast they decline; the mean declines by .06 from first to last place."""
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(500):
        base = rng.random(400) < 0.9
        order = np.stack([rng.permutation(400) for _ in range(3)])
        place = np.tile(np.arange(20) / 19, 20)
        steep = rng.exponential(0.06, size=(3, 20)).repeat(20, axis=1)
        right = (rng.random((3, 400)) < 0.9) & (rng.random((3, 400)) >= steep * place / 0.9)
        bound = ni.bound_decline(
            (right.astype(float) - base[order]).ravel(),
            np.tile(place, 3),
            order.ravel(),
            np.arange(60).repeat(20),
        )
        covered += bound["high"] > 0.06
    assert 460 <= covered <= 490  # .95 of 500; P(X < 460) = .002
