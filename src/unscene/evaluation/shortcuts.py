"""Checks for shortcuts: can a reader of features alone tell edits from originals, or negated
captions from plain ones?

A high value is no fault by itself. An edit truly lacks an object, and a negated caption says "no";
what tells of a shortcut is a value that rises with tuning, above all on sham edits, which lack
nothing.
"""

import numpy as np

PARTS = 5
MIN_GROUPS = 2 * PARTS


def probe_features(first: np.ndarray, second: np.ndarray, group: np.ndarray) -> float:
    """Return the area under the ROC curve of a linear probe that tells `second` from `first`: 1/2 is chance.

    first, second: features (pairs, dim), row by row of one pair. group: the pairs' photo groups; no
    group is on both sides. A logistic regression on standardised features, L2 penalty 1,
    cross-validated over PARTS parts of the groups; the mean of their areas (Alain and Bengio 2017,
    "Understanding intermediate layers using linear classifier probes"). NaN with fewer than
    MIN_GROUPS groups.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(np.unique(group)) < MIN_GROUPS:
        return float("nan")
    features = np.concatenate([first, second]).astype(np.float64)
    is_second = np.repeat([0, 1], len(first))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    areas = cross_val_score(
        probe, features, is_second, groups=np.tile(group, 2), scoring="roc_auc", cv=GroupKFold(PARTS)
    )
    return float(areas.mean())


def score_placebo(
    original: np.ndarray, edited: np.ndarray, absent: np.ndarray, named: np.ndarray, own: np.ndarray
) -> dict[str, float]:
    """Return how a removal moves a photo towards "a photo with no z", in units of cosine.

    original, edited: normalised features of I and J (pairs, dim). absent: of "a photo with no z",
    (categories, dim). named: bool (pairs, categories), what is known to be in a photo. own: the
    column of each pair's removed object.

    denial_shift: mean of s(J, z) - s(I, z) with z the removed object: should be above 0.
    placebo_shift: the same with every z that is in neither photo, averaged within a pair: should be
    0, or the model takes an edit for a denial of anything. NaN where no pair has such a z.
    """
    change = (edited - original) @ absent.T
    rows = np.arange(len(change))
    placebo = ~named
    placebo[rows, own] = False
    counted = placebo.any(axis=1)
    of_pair = (change * placebo).sum(axis=1)[counted] / placebo[counted].sum(axis=1)
    return {
        "denial_shift": float(change[rows, own].mean()) if len(change) else float("nan"),
        "placebo_shift": float(of_pair.mean()) if counted.any() else float("nan"),
    }
