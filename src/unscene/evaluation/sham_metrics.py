"""Sham edits: the object is kept, a hole in the background is filled. What changes on them is
artefact, not absence.
"""

import numpy as np
import pandas as pd

from unscene.evaluation.pair_metrics import score_pairs


def score_shams(
    original: np.ndarray, sham: np.ndarray, present: np.ndarray, negated: np.ndarray
) -> pd.DataFrame:
    """Return a row a sham pair; arguments: normalised features of I, I^s, a and n, each (pairs, dim).

    presence: s(I,a) > s(I,n). sham_presence: the same on the sham. sham_flip: right on the original
    and wrong on the sham; missing where the original is wrong already. sham_pull: s(I^s,n) -
    s(I^s,a) less the same on I, what filling a hole adds to "not there".
    """
    score = score_pairs(original, sham, present, negated)
    kept = score["cos_edited_present"] > score["cos_edited_negated"]
    flip = (score["presence"] & ~kept).astype("boolean").where(score["presence"])
    pull = (score["cos_edited_negated"] - score["cos_edited_present"]) - (
        score["cos_original_negated"] - score["cos_original_present"]
    )
    return pd.DataFrame(
        {"presence": score["presence"], "sham_presence": kept, "sham_flip": flip, "sham_pull": pull}
    )


def summarise_shams(item: pd.DataFrame) -> dict[str, float]:
    """Return sham_flip_rate, artefact_gap (presence on originals less presence on shams), sham_pull
    and n_shams.
    """
    flips = item["sham_flip"].dropna().astype(float)
    return {
        "sham_flip_rate": float(flips.mean()) if len(flips) else float("nan"),
        "artefact_gap": float(item["presence"].mean() - item["sham_presence"].mean())
        if len(item)
        else float("nan"),
        "sham_pull": float(item["sham_pull"].mean()) if len(item) else float("nan"),
        "n_shams": len(item),
    }
