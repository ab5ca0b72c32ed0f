"""Sham edits: the object is kept, a hole elsewhere is filled. What changes on them is artefact, not
absence.

Two fills are asked about. The sham edit's own was painted by the run's remover. And the *carried*
one is the edit's: its pixels inside the hole, put into the sham edit's hole. Whatever an edit holds
beside the lack of its object, a carried fill holds, too, whoever made it.
"""

import numpy as np
import pandas as pd

from unscene.evaluation.columns.shams import SHAM_KINDS, SHAM_PULLS
from unscene.evaluation.pair_metrics import score_pairs
from unscene.photos.mask_shapes import bounding_box


def carry_fill(
    original: np.ndarray, edited: np.ndarray, mask: np.ndarray, hole: np.ndarray
) -> np.ndarray | None:
    """Return the original with the edit's pixels inside `mask` in `hole`, the same shape elsewhere,
    as it is or mirrored left to right; None where the two are no such shapes.

    original, edited: uint8 (height, width, 3); mask, hole: bool (height, width).
    """
    if not (mask.any() and hole.any()):
        return None
    windows = []
    for shape in (mask, hole):
        x0, y0, x1, y1 = bounding_box(shape)
        windows.append((slice(y0, y1), slice(x0, x1)))
    fill, shape, target = edited[windows[0]], mask[windows[0]], hole[windows[1]]
    if shape.shape != target.shape:
        return None
    if not np.array_equal(shape, target):
        fill, shape = fill[:, ::-1], shape[:, ::-1]
        if not np.array_equal(shape, target):
            return None
    carried = original.copy()
    carried[windows[1]][target] = fill[shape]
    return carried


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
    return pd.DataFrame(
        {
            "presence": score["presence"],
            "sham_presence": kept,
            "sham_flip": flip,
            "sham_pull": 4 * score["interaction"],
        }
    )


def score_carried(
    features: dict[str, np.ndarray], has_pair: np.ndarray, is_carried: np.ndarray, sham_pull: pd.Series
) -> pd.DataFrame:
    """Return edit_pull, sham_excess, carried_flip, carried_pull and carried_excess, a row a sham edit.

    features: normalised, (sham edits, dim) each: `original`, `edited` (the edit itself), `carried`,
    `present`, `negated`. has_pair: bool (sham edits,), whether the edit is a pair; is_carried:
    whether its fill could be carried. Null elsewhere.

    edit_pull: what the edit adds to "not there", as sham_pull has it of the sham edit. sham_excess,
    carried_excess: the pull of a fill that took nothing, less half the edit's.
    """
    original, present, negated = (features[name] for name in ("original", "present", "negated"))
    edit_pull = 4 * score_pairs(original, features["edited"], present, negated)["interaction"]
    carried = score_shams(original, features["carried"], present, negated)
    edit_pull = edit_pull.where(has_pair)
    carried_pull = carried["sham_pull"].where(is_carried)
    return pd.DataFrame(
        {
            "edit_pull": edit_pull,
            "sham_excess": sham_pull - edit_pull / 2,
            "carried_flip": carried["sham_flip"].where(is_carried),
            "carried_pull": carried_pull,
            "carried_excess": carried_pull - edit_pull / 2,
        }
    )


def summarise_shams(item: pd.DataFrame) -> dict[str, float]:
    """Return sham_flip_rate (of all, and by kind), carried_flip_rate, artefact_gap (presence on
    originals less presence on shams), the mean pulls, n_shams and n_carried.
    """
    of_kind = {kind: item["sham_kind"] == kind for kind in SHAM_KINDS}
    of_kind["retried"] = item["of_attempt"].astype(float) > 1
    return {
        "sham_flip_rate": _share(item["sham_flip"]),
        **{f"sham_flip_rate_{kind}": _share(item.loc[rows, "sham_flip"]) for kind, rows in of_kind.items()},
        "carried_flip_rate": _share(item["carried_flip"]),
        "artefact_gap": float(item["presence"].mean() - item["sham_presence"].mean())
        if len(item)
        else float("nan"),
        **{name: float(item[name].astype(float).mean()) for name in SHAM_PULLS if "excess" not in name},
        "n_shams": len(item),
        "n_carried": int(item["carried_pull"].notna().sum()),
    }


def _share(flips: pd.Series) -> float:
    """Return the share of those that could flip; NaN without any."""
    flips = flips.dropna().astype(float)
    return float(flips.mean()) if len(flips) else float("nan")
