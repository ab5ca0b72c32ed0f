"""The inner validation: photo groups of the training folds that no arm is trained on, for choices
such as WiSE-FT's.
"""

import numpy as np
import pandas as pd

from unscene.run.seeds import derive_seed


def mark_inner(group: pd.Series, share: float, seed: int) -> np.ndarray:
    """Tell which rows are of the inner validation, bool (rows,): about `share` of the groups, by a
    hash of seed and group.

    Whether a group is chosen depends on itself alone, so it is chosen in every fold and stays so
    when photos are added.
    """
    return np.array([derive_seed(seed, "inner validation", name) < share * 2**63 for name in group], bool)
