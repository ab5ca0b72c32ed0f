"""WiSE-FT (Wortsman et al. 2022): how far to go from the untuned to the tuned model's weights.

alpha is chosen on the inner validation: photo groups of the training folds that no arm was trained on.
"""

import pandas as pd

MAX_LOSS = 0.01  # of general ability, as a share


def choose_alpha(sweep: pd.DataFrame, max_loss: float = MAX_LOSS) -> float:
    """Return the alpha with the best `inner_group_score` among those whose `inner_general` is at
    most max_loss below that of the smallest alpha; of equal ones the smallest. sweep: a row an
    alpha.
    """
    sweep = sweep.sort_values("alpha", ignore_index=True)
    allowed = sweep[~(sweep["inner_general"] < sweep["inner_general"].iloc[0] - max_loss)]
    return float(allowed.loc[allowed["inner_group_score"].idxmax(), "alpha"])
