"""The acceptance of edits, and each quality score, against what is truly removed."""

from collections.abc import Iterator

import pandas as pd

from unscene.evaluation.edit_truth import MAIN_CUT, MAIN_LEFT_CUT, is_removed
from unscene.run.agreement import count_share, get_auc, rate

CUTS = (0.3, 0.4, 0.5, 0.6, 0.75, 1.0)
LEFT_CUTS = (0.15, 0.3, 0.5)
NOT_SCORES = {"edit_id", "status", "reason"}


def score_acceptance(measured: pd.DataFrame | None, mask: pd.DataFrame, pair: pd.DataFrame) -> dict:
    """Return the accepted share of wanted edits and, where the truth is known, precision and recall
    of acceptance.

    Truth never asks the judge: see `is_removed`. The cuts are a choice, so other cuts stand beside
    the main ones.
    """
    accepted = set(pair["edit_id"])
    made = mask[mask["status"] == "ok"]
    result = {
        "accepted_of_masks": count_share(int(made["edit_id"].isin(accepted).sum()), len(made)),
        "accepted_of_named_objects": count_share(int(mask["edit_id"].isin(accepted).sum()), len(mask)),
    }
    if measured is None or measured.empty:
        return {
            **result,
            "precision": None,
            "recall": None,
            "truly_removed_of_edits": None,
            "reason": "the source has no photos of what is behind its objects",
        }
    is_accepted = measured["edit_id"].isin(accepted)
    rows = []
    for error_cut, left_cut in list_cuts():
        removed = is_removed(measured, error_cut, left_cut)
        hits = int((removed & is_accepted).sum())
        rows.append(
            {
                "error_cut": error_cut,
                "object_left_cut": left_cut,
                "truly_removed": float(removed.mean()),
                **rate(hits, int(is_accepted.sum()) - hits, int(removed.sum()) - hits),
            }
        )
    removed = is_removed(measured)
    by_class = {
        name: {
            "masks": int((made["category"] == name).sum()),
            "accepted": int((is_accepted & (measured["category"] == name)).sum()),
            "truly_removed": int((removed & (measured["category"] == name)).sum()),
            "precision": count_share(
                int((removed & is_accepted & (measured["category"] == name)).sum()),
                int((is_accepted & (measured["category"] == name)).sum()),
            )["share"],
        }
        for name in sorted(set(made["category"]))
    }
    return {
        **result,
        "definition": "truly removed: over the object's pixels the mean error to the true photo is at "
        f"most {MAIN_CUT} of the untouched photo's, and at most {MAIN_LEFT_CUT} of the object's own contrast "
        "is left",
        "precision": count_share(int((removed & is_accepted).sum()), int(is_accepted.sum())),
        "recall": count_share(int((removed & is_accepted).sum()), int(removed.sum())),
        "truly_removed_of_edits": count_share(int(removed.sum()), len(measured)),
        "by_cut": rows,
        "by_class": by_class,
    }


def list_cuts() -> Iterator[tuple[float, float]]:
    """Yield the cuts (of the error ratio, of what is left of the object) that stand beside the main
    ones, these among them.
    """
    yield from ((cut, MAIN_LEFT_CUT) for cut in CUTS)
    yield from ((MAIN_CUT, cut) for cut in LEFT_CUTS if cut != MAIN_LEFT_CUT)


def score_scores(measured: pd.DataFrame | None, score: pd.DataFrame) -> dict:
    """Return for each quality score its AUC: the chance that a truly removed object has the higher value."""
    if measured is None or measured.empty:
        return {"auc": None, "reason": "the source has no photos of what is behind its objects"}
    joined = measured.assign(removed=is_removed(measured)).merge(score, on="edit_id", validate="one_to_one")
    result = {}
    for name in score.columns:
        if name not in NOT_SCORES and pd.api.types.is_float_dtype(score[name]):
            auc = get_auc(joined.loc[joined["removed"], name], joined.loc[~joined["removed"], name])
            separates = auc["auc"] is not None and not auc["low"] <= 0.5 <= auc["high"]
            result[name] = {**auc, "separates": separates}
    return result
