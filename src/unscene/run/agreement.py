"""Agreement of decisions with the truth: shares and means with intervals, precision and recall, AUC."""

from collections.abc import Iterable

import numpy as np

Z95 = 1.959964  # two-sided 95 %


def count_share(hits: int, total: int) -> dict:
    """Return a share with its 95 % Wilson interval; nulls when there is nothing to count.

    Wilson, J. Am. Stat. Assoc. 22, 1927: stays inside 0..1 and useful at shares near them.
    """
    if total == 0:
        return {"share": None, "low": None, "high": None, "n": 0}
    share = hits / total
    spread = Z95 * (share * (1 - share) / total + Z95**2 / (4 * total**2)) ** 0.5
    middle, scale = share + Z95**2 / (2 * total), 1 + Z95**2 / total
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return {"share": share, "low": max(0.0, low), "high": min(1.0, high), "n": int(total)}


def summarise(values: Iterable[float]) -> dict:
    """Return mean with 95 % interval (normal), median and n of the values that are not null."""
    known = np.asarray([value for value in values if value is not None], dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return {"mean": None, "low": None, "high": None, "median": None, "n": 0}
    error = Z95 * known.std(ddof=1) / len(known) ** 0.5 if len(known) > 1 else float("nan")
    mean = float(known.mean())
    return {
        "mean": mean,
        "low": mean - error,
        "high": mean + error,
        "median": float(np.median(known)),
        "n": len(known),
    }


def count_words(pairs: Iterable[tuple[set, set]]) -> dict:
    """Return micro precision, recall and F1 of found against true word sets, with the counts behind them."""
    hits = extra = missed = 0
    for found, true in pairs:
        hits, extra, missed = hits + len(found & true), extra + len(found - true), missed + len(true - found)
    return rate(hits, extra, missed)


def rate(hits: int, extra: int, missed: int) -> dict:
    """Return precision, recall and F1 of counts; null where the denominator is zero."""
    return {
        "precision": hits / (hits + extra) if hits + extra else None,
        "recall": hits / (hits + missed) if hits + missed else None,
        "f1": 2 * hits / (2 * hits + extra + missed) if hits + extra + missed else None,
        "right": hits,
        "extra": extra,
        "missed": missed,
    }


def get_auc(positive: Iterable[float], negative: Iterable[float]) -> dict:
    """Return the area under the ROC curve, P(positive > negative) + P(equal) / 2, with its 95 % interval.

    Interval by Hanley and McNeil, Radiology 143, 1982. Null values are left out; nulls when a side is empty.
    """
    sides = (np.asarray(list(side), dtype=float) for side in (positive, negative))
    high, low = (side[~np.isnan(side)] for side in sides)
    n, m = len(high), len(low)
    if not n or not m:
        return {"auc": None, "low": None, "high": None, "n_positive": n, "n_negative": m}
    values = np.sort(low)
    below, up_to = np.searchsorted(values, high, "left"), np.searchsorted(values, high, "right")
    auc = float((below + up_to).sum() / (2 * n * m))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)) / (n * m)
    error = Z95 * max(variance, 0.0) ** 0.5
    return {
        "auc": auc,
        "low": max(0.0, auc - error),
        "high": min(1.0, auc + error),
        "n_positive": n,
        "n_negative": m,
    }
