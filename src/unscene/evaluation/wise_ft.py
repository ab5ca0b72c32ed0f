"""WiSE-FT (Wortsman et al. 2022): weights between the untuned and the tuned model, and how far to go.

    theta(alpha) = (1 - alpha) theta_untuned + alpha theta_tuned

alpha is chosen on the inner validation: photo groups of the training folds that no arm was trained on.
"""

import pandas as pd

MAX_LOSS = 0.01  # of general ability, as a share


def interpolate_weights(untuned: dict, tuned: dict, alpha: float) -> dict:
    """Return the state dict between two of one architecture; ValueError when their names or shapes differ."""
    if untuned.keys() != tuned.keys():
        raise ValueError(
            f"weights of two architectures: {sorted(untuned.keys() ^ tuned.keys())[:3]} are in one only"
        )
    return {
        name: (value + alpha * (tuned[name].to(value) - value)) if value.is_floating_point() else tuned[name]
        for name, value in untuned.items()
    }


def choose_alpha(sweep: pd.DataFrame, max_loss: float = MAX_LOSS) -> float:
    """Return the alpha with the best `inner_group_score` among those whose `inner_general` is at
    most max_loss below that of the smallest alpha; of equal ones the smallest. sweep: a row an
    alpha.
    """
    sweep = sweep.sort_values("alpha", ignore_index=True)
    allowed = sweep[~(sweep["inner_general"] < sweep["inner_general"].iloc[0] - max_loss)]
    return float(allowed.loc[allowed["inner_group_score"].idxmax(), "alpha"])
