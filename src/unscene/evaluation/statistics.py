"""Intervals and tests for comparisons of arms.

Items of one photo belong together, and trainings on overlapping parts are no independent trials;
naive intervals ignore both and find differences that are not there too often. The cluster bootstrap
resamples photos or photo groups (but not trainings), the corrected t of Nadeau and Bengio widens
for the overlap: a claim needs both. What libraries have (McNemar, Holm, noncentral t) is theirs.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy import stats

MOST_TEST_TO_TRAIN = 1.0
# Why there is no interval over trainings where `check_footing` gives NaN.
NO_FOOTING = "an arm was trained on fewer photo groups than it is tested on"
_CELLS_AT_ONCE = 20_000_000


def interval_of_folds(
    values: np.ndarray, confidence: float, test_to_train: float = 0.0
) -> tuple[float, float, float]:
    """Return (mean, low, high) of a metric's values on tested folds, by the corrected t.

    test_to_train: as in corrected_t; 0 of models that no fold's photos trained. NaN values are left
    out; the limits are NaN with fewer than two left, and where test_to_train is.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if len(values) else float("nan")
    return mean, *corrected_t(values, test_to_train, confidence)[:2]


def corrected_t(
    differences: np.ndarray, test_to_train: float, confidence: float
) -> tuple[float, float, float]:
    """Return (low, high, two-sided p) of the mean difference of two arms over J trainings.

    t = mean / sqrt((1 / J + test_to_train) S^2), J - 1 degrees of freedom, S^2 the variance over
    trainings; test_to_train = photo groups tested / photo groups trained on, 1 / (k - 1) in k-fold
    cross-validation that trains on all the rest. Nadeau & Bengio 2003, "Inference for the
    Generalization Error", Machine Learning 52; for repeated cross-validation Bouckaert & Frank
    2004, "Evaluating the Replicability of Significance Tests for Comparing Learning Algorithms".
    NaN with fewer than two values, and where test_to_train is NaN, which says that the correction
    has no footing; with no variance at all, p is 1 for a mean of zero and 0 for any other.
    """
    differences = np.asarray(differences, float)
    differences = differences[~np.isnan(differences)]
    count = len(differences)
    if count < 2 or np.isnan(test_to_train):
        return float("nan"), float("nan"), float("nan")
    mean = float(differences.mean())
    error = float(np.sqrt((1 / count + test_to_train) * differences.var(ddof=1)))
    if error == 0:
        return mean, mean, float(mean == 0)
    half = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * error
    return mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, count - 1))


def check_footing(test_to_train: float) -> float:
    """Return the ratio, NaN above MOST_TEST_TO_TRAIN: the corrected t is made for trainings on at least
    as much as they are tested on, and takes from the ratio how far they overlap.
    """
    return test_to_train if test_to_train <= MOST_TEST_TO_TRAIN else float("nan")


def exact_mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Return the two-sided p of McNemar's exact test on paired booleans (items,): only discordant
    items count.

    It takes items as independent, which pairs of one photo group are not, so it stands beside the
    bootstrap and decides nothing. McNemar 1947, "Note on the sampling error of the difference
    between correlated proportions". NaN without items.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    one, other = np.asarray(one, bool), np.asarray(other, bool)
    if one.shape != other.shape:
        raise ValueError(f"McNemar's test needs paired items, not {one.shape} and {other.shape}")
    if not len(one):
        return float("nan")
    table = [[np.sum(one & other), np.sum(one & ~other)], [np.sum(~one & other), np.sum(~one & ~other)]]
    return float(mcnemar(table, exact=True).pvalue)


def adjust_holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values of one family, in its order; NaN stays NaN, and counts as a
    member of the family.

    Holm 1979, "A simple sequentially rejective multiple test procedure". A test that could not be
    made counts, or leaving it out would make the others easier.
    """
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(p, float)
    if not len(p):
        return p
    adjusted = multipletests(np.where(np.isnan(p), 1.0, p), method="holm")[1]
    return np.where(np.isnan(p), np.nan, adjusted)


def find_detectable_difference(
    differences: np.ndarray, test_to_train: float, confidence: float, power: float = 0.8
) -> float:
    """Return the true difference that the corrected t (two-sided) would have found with probability `power`.

    The spread over trainings is taken from `differences`. NaN where corrected_t is.
    """
    differences = np.asarray(differences, float)
    differences = differences[~np.isnan(differences)]
    count = len(differences)
    if count < 2 or np.isnan(test_to_train):
        return float("nan")
    return get_detectable(float(differences.std(ddof=1)), count, test_to_train, 1 - confidence, power)


def get_detectable(
    spread: float, trainings: int, test_to_train: float, alpha: float, power: float = 0.8
) -> float:
    """Return the true difference that the corrected t over so many trainings finds with probability `power`.

    spread: standard deviation of the difference over trainings. alpha: two-sided. Under a true
    difference the statistic is noncentral t with trainings - 1 degrees of freedom. NaN with fewer
    than two trainings.
    """
    from statsmodels.stats.power import TTestPower

    if trainings < 2:
        return float("nan")
    # The library's effect size is in standard deviations: effect * sqrt(trainings) is the noncentrality.
    effect = TTestPower().solve_power(nobs=trainings, alpha=alpha, power=power)
    return float(effect * np.sqrt(trainings) * np.sqrt(1 / trainings + test_to_train) * spread)


def get_detectable_by_all(
    spread: float,
    error: float,
    trainings: int,
    test_to_train: float,
    alpha: float,
    figures: int = 1,
    power: float = 0.8,
) -> float:
    """Return the true difference that both intervals of each of so many figures find, such that all of
    them do with probability `power`, be they independent or not (Bonferroni).

    spread: as in get_detectable. error: standard error that the photos' interval has, by whose
    normal limits it is judged. This is the effect at which a part of the pass rule is planned to
    hold: a part asks it of every figure, by the wider of two intervals.
    """
    each = 1 - (1 - power) / (2 * figures)
    by_trainings = get_detectable(spread, trainings, test_to_train, alpha, each)
    return max(by_trainings, float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(each)) * error)


def cluster_bootstrap(
    difference: pd.DataFrame,
    group: np.ndarray,
    fold: np.ndarray,
    draws: int,
    confidence: float,
    seed: int,
    unbounded: Collection = (),
) -> pd.DataFrame:
    """Bootstrap the mean of paired differences by cluster, within folds: `difference low high p n`,
    a row a column.

    difference: a row an item (a tested pair, say), a column a metric or contrast; NaN where an item
    has none. group: the cluster of each item, its photo or photo group. In each draw every fold
    gets as many clusters as it has, drawn with replacement, each with all its items. low, high:
    percentiles, and never nearer to the mean than `limit_rare` allows, columns in `unbounded`
    excepted; NaN with fewer than two clusters. p: two-sided, 2 min(P*[mean <= 0], P*[mean >= 0]),
    counting the observed sample as one draw more, and at most 1. Where no fold has two clusters
    every draw is the sample: there is no p, and of an unbounded column there are no limits. n: items
    that have a value. All columns share the draws. (Davison & Hinkley 1997, "Bootstrap Methods and
    their Application", sections 3.8 and 4.4.)
    """
    from scipy.sparse import coo_array

    values = difference.to_numpy(float)
    cluster = pd.MultiIndex.from_arrays([np.asarray(fold), np.asarray(group)])
    codes, clusters = pd.factorize(cluster, sort=True)
    present = ~np.isnan(values)
    membership = coo_array((np.ones(len(codes)), (codes, np.arange(len(codes))))).tocsr()
    sums, counts = membership @ np.where(present, values, 0.0), membership @ present.astype(float)
    fold_of_cluster = np.asarray(clusters.get_level_values(0))
    total, number = sums.sum(axis=0), counts.sum(axis=0)
    rng = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(clusters)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for start in range(0, draws, at_once):
            weights = _draw_weights(fold_of_cluster, min(at_once, draws - start), rng)
            means[start : start + len(weights)] = (weights @ sums) / (weights @ counts)
        observed = total / number
    tail = (1 - confidence) / 2
    rows = []
    for column, name in enumerate(difference.columns):
        drawn = means[:, column][~np.isnan(means[:, column])]
        measured = counts[:, column] > 0
        if measured.sum() < 2 or not len(drawn):
            rows.append((name, observed[column], np.nan, np.nan, np.nan, int(number[column])))
            continue
        varies = measured.sum() > len(np.unique(fold_of_cluster[measured]))
        low, high = np.quantile(drawn, [tail, 1 - tail]) if varies else (np.nan, np.nan)
        if name not in unbounded:
            of_cluster = sums[measured, column], counts[measured, column]
            rare_low, rare_high = limit_rare(*of_cluster, confidence)
            low, high = np.fmin(low, rare_low), np.fmax(high, rare_high)
        below, above = (drawn <= 0).sum() + 1, (drawn >= 0).sum() + 1
        p = min(1.0, 2 * min(below, above) / (len(drawn) + 1)) if varies else np.nan
        rows.append((name, observed[column], low, high, p, int(number[column])))
    return pd.DataFrame(rows, columns=["column", "difference", "low", "high", "p", "n"]).set_index("column")


def limit_rare(sums: np.ndarray, sizes: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the limits of a mean of differences between -1 and 1 that also stand where hardly an
    item differs.

    sums, sizes (clusters,): of each cluster the differences' sum and their number. A bootstrap of
    items that all agree has no width, as if nothing could differ. These limits count one cluster
    more that differs, half of it each way: m +- z sqrt(sum r^2 + 1) / (N + 2), r a cluster's
    deviation in clusters of the mean size. (Agresti & Min 2005, "Simple improved confidence
    intervals for comparing matched proportions", Statistics in Medicine 24, for clusters.)
    """
    mean, clusters = sums.sum() / sizes.sum(), len(sizes)
    deviation = (sums - mean * sizes) / sizes.mean()
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(np.square(deviation).sum() + 1) / (clusters + 2)
    return float(mean - half), float(mean + half)


def two_level_bootstrap(
    difference: np.ndarray,
    group: np.ndarray,
    draws: int,
    confidence: float,
    seed: int,
    test_to_train: float = 0.0,
) -> tuple[float, float, float]:
    """Return (mean, low, high) of paired differences on photos that each of J models was tested on.

    difference: float (items, models); group: the cluster of each item, its photo. The limits carry
    both which photos there were and which trainings: the cluster bootstrap of the mean over models,
    widened by `widen_by_models`. test_to_train: as in corrected_t; 0 of independent trainings. With
    one model only the photos vary. NaN without items; no limits with fewer than two photos, nor of
    several models where test_to_train is NaN.
    """
    difference = np.asarray(difference, float)
    items, models = difference.shape
    if not items:
        return float("nan"), float("nan"), float("nan")
    of_item = pd.DataFrame({"mean": difference.mean(axis=1)})
    found = cluster_bootstrap(of_item, group, np.zeros(items), draws, confidence, seed)
    mean, low, high = (float(found.loc["mean", name]) for name in ("difference", "low", "high"))
    if models > 1:
        sums = pd.DataFrame(difference).groupby(np.asarray(group)).sum()
        noise = float(sums.var(axis=1, ddof=1).sum()) / items**2
        low, high = widen_by_models((low, high), difference.mean(axis=0), noise, test_to_train, confidence)
    return mean, low, high


def widen_by_models(
    limits: tuple[float, float], of_model: np.ndarray, noise: float, test_to_train: float, confidence: float
) -> tuple[float, float]:
    """Return the limits of a mean over photos and over models, from its limits over photos.

    of_model (models,): each model's mean. noise: how much they vary because each model answers
    every photo in its own way, the sum over photos of the models' variance on it: the photos'
    limits hold that already. What is left, T^2 = max(S^2 - noise, 0), is of the trainings; its t
    interval, t sqrt((1 / J + test_to_train) T^2), is an independent part, and distances of such
    parts from the mean join as root sums of squares (Zou & Donner 2008, "Construction of confidence
    limits about effect measures", Statistics in Medicine 27; variance components: Searle, Casella &
    McCulloch 1992, section 4.2). NaN where test_to_train is: it is not known how far trainings hang
    together.
    """
    count, mean = len(of_model), float(np.mean(of_model))
    of_trainings = max(float(np.var(of_model, ddof=1)) - noise, 0.0)
    reach = stats.t.ppf((1 + confidence) / 2, count - 1) * np.sqrt((1 / count + test_to_train) * of_trainings)
    return float(mean - np.hypot(mean - limits[0], reach)), float(mean + np.hypot(limits[1] - mean, reach))


def spread_ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return a value an item whose mean is sum(part) / sum(whole), and whose spread is the ratio's.

    part, whole (items,): an item's share of numerator and denominator. r + (part - r whole) /
    mean(whole), r the ratio: the ratio to first order in each item (Cochran 1977, "Sampling
    Techniques", section 6.3), so that ratios are compared and resampled as means are. NaN where the
    ratio has no denominator.
    """
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    if not whole.sum():
        return np.full(len(whole), np.nan)
    ratio = part.sum() / whole.sum()
    return ratio + (part - ratio * whole) / whole.mean()


def spread_top(hit: np.ndarray, photos: int, order: np.ndarray) -> np.ndarray:
    """Return a value a photo whose mean is the share of hits among the first k of a query, and
    whose spread is that share's.

    hit: bool (k,), of the first k photos; order: their positions (k,) among `photos`. A photo that
    is not among them has the share itself; one that is, h + (hit - h) photos / k sqrt(k / (k - 1)),
    h the share: without it another one would stand there, a hit with chance h; the root makes good
    that h is taken from just these k.
    """
    hit = np.asarray(hit, float)
    share = float(hit.mean()) if len(hit) else float("nan")
    values = np.full(photos, share)
    unbiased = np.sqrt(len(hit) / max(1, len(hit) - 1))
    values[np.asarray(order, int)] += (hit - share) * photos / max(1, len(hit)) * unbiased
    return values


def _draw_weights(fold: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each cluster is drawn, float (draws, clusters): each fold's clusters among themselves."""
    weights = np.zeros((draws, len(fold)), np.float32)
    for name in np.unique(fold):
        of_fold = np.flatnonzero(fold == name)
        size = len(of_fold)
        chosen = rng.integers(size, size=(draws, size)) + size * np.arange(draws)[:, None]
        weights[:, of_fold] = np.bincount(chosen.ravel(), minlength=draws * size).reshape(draws, size)
    return weights
