"""What a linear reader of the image features knows of objects: a ceiling for texts that deny them."""

import warnings

import numpy as np
import pandas as pd

from unscene.evaluation.gallery import Gallery
from unscene.evaluation.pair_metrics import score_area

PARTS = 5


def probe_absence(photo: np.ndarray, gallery: Gallery) -> dict[str, float]:
    """Return category -> area of a linear probe that tells photos without the object from those with it.

    photo (photos, dim): features. A logistic regression a category on standardised features, L2
    penalty 1, each photo scored by the regression of the parts that its group is not in. A category
    whose groups cannot be divided so that each part has both kinds left is left out.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import PredefinedSplit, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    group = np.arange(len(gallery)) if gallery.group is None else gallery.group
    areas = {}
    for column in gallery.list_classes():
        known = gallery.has[:, column] | gallery.lacks[:, column]
        has = gallery.has[known, column]
        part = divide_groups(group[known], has)
        if any(len(np.unique(has[part != number])) < 2 for number in range(PARTS)):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            features, split = photo[known].astype(np.float64), PredefinedSplit(part)
            score = cross_val_predict(probe, features, has, cv=split, method="decision_function")
        areas[gallery.categories[column]] = score_area(score[has], score[~has])
    return areas


def divide_groups(group: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Return the part, 0 to PARTS - 1, that each photo is in: groups stay together, and those with
    the object are spread evenly over the parts, as are the others.
    """
    of_group = pd.Series(has).groupby(np.asarray(group), sort=True).any()
    part = of_group.groupby(of_group).cumcount() % PARTS
    return pd.Series(group).map(part).to_numpy()
