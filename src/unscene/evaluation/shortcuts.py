"""Checks for shortcuts: can a reader of features alone tell edits from originals, or negated
captions from plain ones?

A high value is no fault by itself. An edit truly lacks an object, and a negated caption says "no";
what tells of a shortcut is a value that rises with tuning, above all on sham edits, which lack
nothing.
"""

import numpy as np
import pandas as pd

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


def probe_pairs(first: np.ndarray, second: np.ndarray, group: np.ndarray) -> float:
    """Return the share of pairs whose `second` a linear probe tells from its own `first`: 1/2 is chance.

    What training pairs, the probe pairs: it sees the difference of a pair's two rows, the right way
    round and the wrong way round, so all that the two share is gone. On real pairs six simple
    numbers of a picture tell the edit in 99 % of the pairs, and in .64 as `probe_features` asks.
    Arguments as there. A logistic regression without intercept, L2 penalty 1, on differences
    divided by their root mean square, cross-validated over PARTS parts of the groups. NaN with
    fewer than MIN_GROUPS groups.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    if len(np.unique(group)) < MIN_GROUPS:
        return float("nan")
    difference = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    told = np.zeros(len(difference), bool)
    for train, test in GroupKFold(PARTS).split(difference, groups=group):
        scale = np.sqrt((difference[train] ** 2).mean(axis=0))
        scale[scale == 0] = 1
        seen = difference[train] / scale
        probe = LogisticRegression(fit_intercept=False, max_iter=1000)
        probe.fit(np.concatenate([seen, -seen]), np.repeat([1, 0], len(seen)))
        told[test] = probe.decision_function(difference[test] / scale) > 0
    return float(told.mean())


def describe_pictures(photos: np.ndarray) -> np.ndarray:
    """Return six simple numbers of each photo, float (photos, 6): what a reader could go by that
    never looks at what is shown.

    photos: uint8 (photos, side, side, 3), as a model gets them. Sharpness (log variance of the
    Laplacian), noise (Immerkaer 1996, "Fast noise variance estimation"), blockiness (steps across
    the borders of JPEG's blocks of 8 less the other steps), local contrast (mean standard deviation
    in windows of 7), saturation (mean), edges (mean gradient).
    """
    import cv2

    noise_kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    rows = []
    for pixels in photos:
        gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
        steps = [np.abs(np.diff(gray, axis=axis)).mean(axis=1 - axis) for axis in (0, 1)]
        border = [np.arange(len(of_axis)) % 8 == 7 for of_axis in steps]
        spread = cv2.blur(gray**2, (7, 7)) - cv2.blur(gray, (7, 7)) ** 2
        rows.append(
            (
                np.log1p(cv2.Laplacian(gray, cv2.CV_32F).var()),
                np.abs(cv2.filter2D(gray, cv2.CV_32F, noise_kernel)).mean() * np.sqrt(np.pi / 2) / 6,
                np.mean(
                    [s[b].mean() - s[~b].mean() if b.any() else 0 for s, b in zip(steps, border, strict=True)]
                ),
                np.sqrt(np.maximum(spread, 0)).mean(),
                cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)[..., 1].mean(),
                np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)).mean(),
            )
        )
    return np.array(rows, np.float64).reshape(len(photos), 6)


def measure_shifts(
    original: np.ndarray,
    edited: np.ndarray,
    absent: np.ndarray,
    named: np.ndarray,
    lacks: np.ndarray,
    own: np.ndarray,
) -> pd.DataFrame:
    """Return by how much each removal moves its photo towards "a photo with no z", in units of
    cosine; a row a pair.

    original, edited: normalised features of I and J (pairs, dim). absent: of "a photo with no z",
    (categories, dim). named, lacks: bool (pairs, categories), what is known to be in a photo, and
    what is known not to be; the rest is unknown and in no mean. own: the column of each pair's
    removed object.

    denial_shift: s(J, z) - s(I, z) with z the removed object: should be above 0. placebo_shift: the
    mean over every z that is known to be in neither photo; kept_shift: over every z that is
    known to be in both still. Both should be 0, or the model takes an edit for a denial of anything.
    placebo_excess: the former less half the denial_shift, as the pass rule asks. NaN where a pair has
    no such z.
    """
    change = (edited - original) @ absent.T
    rows = np.arange(len(change))
    neither, both = lacks.copy(), named.copy()
    neither[rows, own] = both[rows, own] = False
    denial = change[rows, own]
    placebo, kept = (_mean_of_rows(change, counted) for counted in (neither, both))
    return pd.DataFrame(
        {
            "denial_shift": denial,
            "placebo_shift": placebo,
            "placebo_excess": placebo - denial / 2,
            "kept_shift": kept,
        }
    )


def measure_wording(
    original: np.ndarray, edited: np.ndarray, present: np.ndarray, true: np.ndarray
) -> pd.DataFrame:
    """Return what a denial in a caption does by itself, a row a pair.

    original, edited, present: normalised features of I, J and a (pairs, dim). true: of a with a true
    denial of something else, t. true_negation: s(I,t) > s(J,t), as t names the object. wording_loss:
    [s(I,a) > s(J,a)] - [s(I,t) > s(J,t)], 1 where the denial turned the caption away from its photo;
    null where t is a.
    """
    plain, told = ((original * text).sum(axis=1) > (edited * text).sum(axis=1) for text in (present, true))
    differs = np.abs(present - true).max(axis=1) > 0
    return pd.DataFrame(
        {
            "true_negation": pd.Series(told).astype("boolean").where(pd.Series(differs)),
            "wording_loss": np.where(differs, plain.astype(float) - told, np.nan),
        }
    )


def _mean_of_rows(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return the mean of each row's counted values, NaN where there is none."""
    number = counted.sum(axis=1)
    total = (values * counted).sum(axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
