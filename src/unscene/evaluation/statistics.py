"""Intervals and tests for cross-validated comparisons of arms.

Items of one photo group belong together, and the k training parts overlap; naive tests ignore both
and find differences that are not there too often. The cluster bootstrap resamples photo groups (but
not trainings), the corrected t of Nadeau and Bengio widens for the overlap: a claim needs both.
What libraries have (McNemar, Holm, noncentral t) is theirs.
"""

import numpy as np
import pandas as pd
from scipy import stats

_CELLS_AT_ONCE = 20_000_000


def interval_of_folds(values: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Return (mean, low, high) of a metric's values on the folds: Student's t with folds - 1
    degrees of freedom.

    It describes the spread over folds. NaN values are left out; with fewer than two left, the limits are NaN.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * stats.sem(values)
    return mean, mean - float(half), mean + float(half)


def corrected_t(
    differences: np.ndarray, test_to_train: float, confidence: float
) -> tuple[float, float, float]:
    """Return (low, high, two-sided p) of the mean difference of two arms over J trainings.

    t = mean / sqrt((1 / J + test_to_train) S^2), J - 1 degrees of freedom, S^2 the variance over
    trainings; test_to_train = test items / training items, 1 / (k - 1) in k-fold cross-validation
    with seeds averaged. Nadeau & Bengio 2003, "Inference for the Generalization Error", Machine
    Learning 52. NaN with fewer than two values; with no variance at all, p is 1 for a mean of zero
    and 0 for any other.
    """
    differences = np.asarray(differences, float)
    differences = differences[~np.isnan(differences)]
    count = len(differences)
    if count < 2:
        return float("nan"), float("nan"), float("nan")
    mean = float(differences.mean())
    error = float(np.sqrt((1 / count + test_to_train) * differences.var(ddof=1)))
    if error == 0:
        return mean, mean, float(mean == 0)
    half = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * error
    return mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, count - 1))


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

    The spread over trainings is taken from `differences`; under a true difference the statistic is
    noncentral t with J - 1 degrees of freedom. NaN with fewer than two values.
    """
    from statsmodels.stats.power import TTestPower

    differences = np.asarray(differences, float)
    differences = differences[~np.isnan(differences)]
    count = len(differences)
    if count < 2:
        return float("nan")
    error = float(np.sqrt((1 / count + test_to_train) * differences.var(ddof=1)))
    # The library's effect size is in standard deviations, so that effect * sqrt(count) is the noncentrality.
    effect = TTestPower().solve_power(nobs=count, alpha=1 - confidence, power=power)
    return float(effect * np.sqrt(count)) * error


def cluster_bootstrap(
    difference: pd.DataFrame, group: np.ndarray, fold: np.ndarray, draws: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Bootstrap the mean of paired differences by photo group, within folds: `difference low high p
    n`, a row a column.

    difference: a row a tested pair, pooled over the folds, a column a metric or contrast; NaN where
    a pair has none. In each draw every fold gets as many groups as it has, drawn with replacement,
    each with all its pairs. low, high: percentiles. p: two-sided, 2 min(P*[mean <= 0], P*[mean >=
    0]), counting the observed sample as one draw more, and at most 1. n: pairs that have a value.
    All columns share the draws. (Davison & Hinkley 1997, "Bootstrap Methods and their Application",
    sections 3.8 and 4.4.)
    """
    values = difference.to_numpy(float)
    cluster = pd.MultiIndex.from_arrays([np.asarray(fold), np.asarray(group)])
    codes, clusters = pd.factorize(cluster, sort=True)
    present = ~np.isnan(values)
    sums, counts = np.zeros((2, len(clusters), values.shape[1]))
    np.add.at(sums, codes, np.where(present, values, 0.0))
    np.add.at(counts, codes, present)
    fold_of_cluster = np.asarray(clusters.get_level_values(0))
    total, number = sums.sum(axis=0), counts.sum(axis=0)
    rng = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    at_once = max(1, _CELLS_AT_ONCE // len(clusters))
    with np.errstate(invalid="ignore", divide="ignore"):
        for start in range(0, draws, at_once):
            weights = _draw_weights(fold_of_cluster, min(at_once, draws - start), rng)
            means[start : start + len(weights)] = (weights @ sums) / (weights @ counts)
        observed = total / number
    tail = (1 - confidence) / 2
    rows = []
    for column, name in enumerate(difference.columns):
        drawn = means[:, column][~np.isnan(means[:, column])]
        if not len(drawn):
            rows.append((name, np.nan, np.nan, np.nan, np.nan, 0))
            continue
        low, high = np.quantile(drawn, [tail, 1 - tail])
        below, above = (drawn <= 0).sum() + 1, (drawn >= 0).sum() + 1
        p = min(1.0, 2 * min(below, above) / (len(drawn) + 1))
        rows.append((name, observed[column], low, high, p, int(number[column])))
    return pd.DataFrame(rows, columns=["column", "difference", "low", "high", "p", "n"]).set_index("column")


def two_level_bootstrap(
    difference: np.ndarray, group: np.ndarray, draws: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """Return (mean, low, high) of paired differences on an external set that every fold's model was
    tested on.

    difference: float (items, models); group: the cluster of each item (photos of one item, say).
    Each draw resamples clusters and, independently, models, so the interval carries both which
    items there were and which trainings. Percentiles. With one model only the items vary. (Two-way
    resampling: Owen 2007, "The pigeonhole bootstrap".) NaN without items.
    """
    difference = np.asarray(difference, float)
    items, models = difference.shape
    if not items:
        return float("nan"), float("nan"), float("nan")
    codes, clusters = pd.factorize(np.asarray(group), sort=True)
    sums, sizes = np.zeros((len(clusters), models)), np.bincount(codes, minlength=len(clusters))
    np.add.at(sums, codes, difference)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    at_once = max(1, _CELLS_AT_ONCE // len(clusters))
    for start in range(0, draws, at_once):
        part = slice(start, min(start + at_once, draws))
        weights = _draw_weights(np.zeros(len(clusters)), part.stop - start, rng)
        of_model = (weights @ sums) / (weights @ sizes)[:, None]
        share = rng.multinomial(models, np.full(models, 1 / models), size=part.stop - start) / models
        means[part] = (of_model * share).sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(difference.mean()), float(low), float(high)


def _draw_weights(fold: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each cluster is drawn, float (draws, clusters): each fold's clusters among themselves."""
    weights = np.zeros((draws, len(fold)), np.float32)
    for name in np.unique(fold):
        of_fold = np.flatnonzero(fold == name)
        chosen = of_fold[rng.integers(len(of_fold), size=(draws, len(of_fold)))]
        np.add.at(weights, (np.arange(draws)[:, None], chosen), 1)
    return weights
