"""How sure labels make us of a defect rate: exact binomial limits, and the choice of an operating
point that keeps one.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

CONFIDENCE = 0.95
GRID = tuple(np.round(np.arange(0.05, 1.0001, 0.05), 2))  # shares of edits accepted, strictest first


def get_upper_limit(bad: int, total: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided Clopper-Pearson upper limit of a share, of `bad` of `total`; 1 when
    nothing was looked at.

    Clopper and Pearson, Biometrika 26, 1934.
    """
    if total == 0:
        return 1.0
    return float(binomtest(bad, total, alternative="less").proportion_ci(confidence, method="exact").high)


def count_needed(max_rate: float, bad: int, confidence: float = CONFIDENCE) -> int:
    """Return how many labels, `bad` of them defects, are needed to certify a defect rate of at most
    `max_rate`.
    """
    low, high = bad, bad + 1
    while get_upper_limit(bad, high, confidence) > max_rate:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if get_upper_limit(bad, middle, confidence) <= max_rate else (middle, high)
    return high


def list_thresholds(reference: np.ndarray, held_out: int, max_rate: float) -> list[float]:
    """Return the thresholds to be tested, strictest first: those that accept 5, 10, ... 100 % of `reference`.

    reference: probabilities of edits that certify nothing. Those that accept too few of `held_out`
    labels to pass even without a defect are left out, since the test would stop at the first of
    them.
    """
    least = count_needed(max_rate, 0)
    shares = [share for share in GRID if share * held_out >= 1.25 * least]
    cuts = (
        [float(np.quantile(reference, 1 - share, method="lower")) for share in shares]
        if len(reference)
        else []
    )
    return list(dict.fromkeys(cuts))


def certify(
    probability: np.ndarray,
    is_bad: np.ndarray,
    thresholds: Sequence[float],
    max_rate: float,
    confidence: float = CONFIDENCE,
) -> dict:
    """Return the laxest threshold whose defect rate among accepted edits is at most `max_rate`,
    with the tests in order.

    probability (n,), is_bad (n,): of labelled edits that neither trained the head nor chose the
    thresholds. Learn then Test with a fixed sequence (Angelopoulos et al., arXiv 2110.01052):
    thresholds are tested in their order at the full level, by the exact binomial test, until the
    first that fails; so the chance that the chosen one exceeds `max_rate` is at most 1 -
    confidence. `threshold` is None, with a reason, when the first one fails already.
    """
    tests, chosen = [], None
    for threshold in thresholds:
        accepted = probability >= threshold
        bad, total = int(is_bad[accepted].sum()), int(accepted.sum())
        upper = get_upper_limit(bad, total, confidence)
        passed = upper <= max_rate
        tests.append(
            {
                "threshold": float(threshold),
                "accepted": total,
                "bad": bad,
                "upper_limit": upper,
                "passed": passed,
            }
        )
        if not passed:
            break
        chosen = tests[-1]
    result = {
        "max_defect_rate": max_rate,
        "confidence": confidence,
        "held_out": len(probability),
        "tests": tests,
    }
    if chosen is None:
        reason = (
            f"the strictest threshold has {tests[0]['bad']} defects of {tests[0]['accepted']} accepted"
            if tests
            else f"{len(probability)} held-out labels are too few: {count_needed(max_rate, 0)} "
            "accepted ones without a "
            f"defect certify {max_rate:g}"
        )
        return result | {"threshold": None, "reason": reason}
    return result | {
        "threshold": chosen["threshold"],
        "reason": None,
        "bad": chosen["bad"],
        "accepted": chosen["accepted"],
        "upper_limit": chosen["upper_limit"],
        "accepted_share": chosen["accepted"] / len(probability),
    }
