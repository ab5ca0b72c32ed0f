"""The learned accept head (Q9): a logistic regression on an edit's scores, trained on people's verdicts.

After the human-labelled discriminator of RORem (Li et al., CVPR 2025), on scores in place of pixels.
"""

import numpy as np
import pandas as pd

from unscene.quality.scores import CALIBRATED, CONTEXT, INVARIANTS

FEATURES = (*CALIBRATED, *CONTEXT, *INVARIANTS, "area_fraction")
MIN_EACH = 10  # labels of each verdict: with fewer there is nothing to learn from
FOLDS = 5


def make_head():
    """Return the untrained pipeline: medians for nulls (with a flag that it was null), unit
    variance, logistic regression.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(imputer, StandardScaler(), LogisticRegression(max_iter=2000))


def get_features(frame: pd.DataFrame) -> np.ndarray:
    """Return the features (n, len(FEATURES)) of a table of scores that has `area_fraction`."""
    return frame.reindex(columns=list(FEATURES)).to_numpy(float)


def train_head(frame: pd.DataFrame, accept: np.ndarray):
    """Return the head trained on labelled edits; ValueError when a verdict has fewer than MIN_EACH labels."""
    counts = int(accept.sum()), int((~accept).sum())
    if min(counts) < MIN_EACH:
        raise ValueError(
            f"{counts[0]} accepted and {counts[1]} refused labels train the head; at least "
            f"{MIN_EACH} of each are needed"
        )
    return make_head().fit(get_features(frame), accept)


def cross_fit(frame: pd.DataFrame, accept: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return out-of-fold probabilities (n,): no edit is judged by a head that saw a photo of its
    group. NaN without enough groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    probability = np.full(len(frame), np.nan)
    folds = min(FOLDS, len(set(group)))
    if folds < 2:
        return probability
    features = get_features(frame)
    for train, test in StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(
        features, accept, group
    ):
        if len(set(accept[train])) == 2:
            probability[test] = (
                make_head().fit(features[train], accept[train]).predict_proba(features[test])[:, 1]
            )
    return probability


def describe_head(head) -> dict:
    """Return a trained head as numbers, so that anybody can compute it: see `apply_numbers`."""
    imputer, scaler, regression = (step for _, step in head.steps)
    return {
        "features": list(FEATURES),
        "medians": imputer.statistics_.tolist(),
        "null_flags": [FEATURES[column] for column in imputer.indicator_.features_],
        "means": scaler.mean_.tolist(),
        "scales": scaler.scale_.tolist(),
        "coefficients": regression.coef_[0].tolist(),
        "intercept": float(regression.intercept_[0]),
    }


def apply_numbers(numbers: dict, frame: pd.DataFrame) -> np.ndarray:
    """Return the probabilities (n,) that a head described by `describe_head` gives."""
    values = frame.reindex(columns=numbers["features"]).to_numpy(float)
    flags = np.isnan(frame.reindex(columns=numbers["null_flags"]).to_numpy(float)).astype(float)
    filled = np.where(np.isnan(values), np.array(numbers["medians"], float), values)
    scaled = (np.hstack([filled, flags]) - numbers["means"]) / numbers["scales"]
    return 1 / (1 + np.exp(-(scaled @ np.array(numbers["coefficients"]) + numbers["intercept"])))
