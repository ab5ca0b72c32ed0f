"""From scores of controls to cuts: which scores separate, where a perfect edit lies, and what a cut
catches.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unscene.quality.controls import FAILURES, PERFECT, SHAM
from unscene.quality.scores import HIGH_IS_GOOD, LOW_IS_GOOD, SCORES, THRESHOLDS
from unscene.words.agreement import count_share, get_auc

# Edges of the bins of mask size, as shares of the photo: a small hole has another seam, blur and
# crop than a large one, and more than three bins would seldom hold MIN_IN_BIN of a run's controls.
SIZE_BINS = (0.02, 0.08)
# The lower limit must pass it: three in a hundred coin flips pass .5, and a weak score catches nothing.
LEAST_AUC = 0.6
MIN_IN_BIN = 30  # reference edits: with fewer, a bin takes the cut of all bins together


def name_bins(edges: Sequence[float]) -> list[str]:
    """Return the names of the bins of mask size: one more than there are edges."""
    limits = [0, *edges, 1]
    return [f"{low:g}-{high:g}" for low, high in zip(limits, limits[1:], strict=False)]


def find_bin(area_fraction: pd.Series, edges: Sequence[float]) -> np.ndarray:
    """Return for each mask the position of its bin; an edge belongs to the bin above it."""
    return np.searchsorted(np.asarray(edges, float), area_fraction.to_numpy(float), side="right")


def choose_cut(perfect: np.ndarray, percentile: float, good: str) -> float:
    """Return the cut that lets the share `percentile` of perfect values through: a quantile of the
    observed values.

    good: `high` (the cut is a least value) or `low` (a greatest value). NaN without values.
    """
    if not len(perfect):
        return float("nan")
    if good == "high":
        return float(np.quantile(perfect, 1 - percentile, method="lower"))
    return float(np.quantile(perfect, percentile, method="higher"))


def calibrate(control: pd.DataFrame, percentile: float, edges: Sequence[float]) -> dict:
    """Return for each score its AUC against every kind of failure, whether it separates, its cuts
    and what they catch.

    An AUC is the chance that a perfect control (`auc`) or a sham edit (`auc_sham`) has the better
    value than a failure; .5 is a score that knows nothing. The `reference` of a score, which its
    cuts let through, are the sham edits where at least MIN_IN_BIN of them have a value, and else
    the perfect controls. A score separates when the lower 95 % limit (Hanley and McNeil) of its
    reference's AUC is above LEAST_AUC for a failure that it is meant for.
    """
    kinds = control["kind"].value_counts().to_dict()
    result: dict = {
        "controls": {kind: int(kinds.get(kind, 0)) for kind in (PERFECT, SHAM, *FAILURES)},
        "kinds": FAILURES,
        "percentile": percentile,
        "least_auc": LEAST_AUC,
        "size_bins": name_bins(edges),
        "scores": {},
    }
    for name in sorted([*HIGH_IS_GOOD, *LOW_IS_GOOD]):
        result["scores"][name] = calibrate_score(control, name, percentile, edges)
    return result


def calibrate_score(control: pd.DataFrame, name: str, percentile: float, edges: Sequence[float]) -> dict:
    """Return what `calibrate` says of one score."""
    good = "high" if name in HIGH_IS_GOOD else "low"
    meant_for = list(SCORES[name].meant_for)
    sign = 1.0 if good == "high" else -1.0
    faultless = {kind: control[(control["kind"] == kind) & control[name].notna()] for kind in (PERFECT, SHAM)}
    aucs = {
        reference: {
            kind: get_auc(sign * edits[name], sign * control.loc[control["kind"] == kind, name])
            for kind in FAILURES
        }
        for reference, edits in faultless.items()
    }
    reference = SHAM if len(faultless[SHAM]) >= MIN_IN_BIN else PERFECT
    passing, auc = faultless[reference], aucs[reference]
    separated = [kind for kind in meant_for if auc[kind]["auc"] is not None and auc[kind]["low"] > LEAST_AUC]
    bins = find_bin(passing["area_fraction"], edges)
    cuts = []
    for position, label in enumerate(name_bins(edges)):
        values = passing.loc[bins == position, name].to_numpy(float)
        pooled = len(values) < MIN_IN_BIN
        used = passing[name].to_numpy(float) if pooled else values
        cuts.append(
            {
                "bin": label,
                "n": len(values),
                "pooled": pooled,
                "cut": choose_cut(used, percentile, good),
                "mean": float(used.mean()) if len(used) else None,
                "sd": float(used.std(ddof=1)) if len(used) > 1 else None,
            }
        )
    return {
        "good": good,
        "meant_for": meant_for,
        "reference": reference,
        "auc": aucs[PERFECT],
        "auc_sham": aucs[SHAM],
        "separates": bool(separated),
        "separated": separated,
        "reason": None if separated else explain_uselessness(control, name, reference, passing),
        "cuts": cuts,
        "caught": {
            kind: count_caught(control[control["kind"] == kind], name, good, cuts, edges) for kind in FAILURES
        },
    }


def explain_uselessness(control: pd.DataFrame, name: str, reference: str, passing: pd.DataFrame) -> str:
    """Say why a score is not used: it has no values, or it does not separate."""
    if passing.empty:
        reasons = control.get(f"{name}_reason", pd.Series(dtype="string")).dropna()
        return str(reasons.mode().iloc[0]) if len(reasons) else "no control has a value"
    meant_for = SCORES[name].meant_for
    if not meant_for:
        return "its entry names no failure that it is meant for"
    failures = [kind for kind in meant_for if control.loc[control["kind"] == kind, name].notna().any()]
    if not failures:
        return f"no control of the kind {' or '.join(meant_for)} has a value"
    return f"it does not separate {reference} edits from {' or '.join(failures)}"


def count_caught(
    failure: pd.DataFrame, name: str, good: str, cuts: list[dict], edges: Sequence[float]
) -> dict:
    """Return the share of a kind of failure that lies beyond the cut of its bin (Wilson interval)."""
    known = failure[failure[name].notna()]
    limit = np.array([cut["cut"] for cut in cuts], float)[find_bin(known["area_fraction"], edges)]
    beyond = known[name].to_numpy(float) < limit if good == "high" else known[name].to_numpy(float) > limit
    return count_share(int(beyond.sum()), len(known))


def standardise(
    score: pd.DataFrame, area_fraction: pd.Series, calibration: dict, edges: Sequence[float]
) -> pd.DataFrame:
    """Return `{score}_z` of each edit: (value - mean) / sd of the reference edits of its bin; NaN
    where they have no spread.
    """
    columns = {}
    bins = find_bin(area_fraction, edges)
    for name, entry in calibration["scores"].items():
        mean = np.array([np.nan if cut["mean"] is None else cut["mean"] for cut in entry["cuts"]])[bins]
        spread = np.array([cut["sd"] or np.nan for cut in entry["cuts"]])[bins]
        columns[f"{name}_z"] = (score[name].to_numpy(float) - mean) / spread
    return pd.DataFrame(columns, index=score.index)


def get_limits(calibration: dict, thresholds: dict, area_fraction: pd.Series, edges: Sequence[float]) -> dict:
    """Return {threshold's key: limit of each edit} under the calibrated policy.

    A threshold that is on takes the cut of the edit's bin when its score separates, and is left out
    when not. An invariant's stays as it is; one that is null stays off, and one that bounds a
    score's good side is left out.
    """
    bins, limits = find_bin(area_fraction, edges), {}
    for key, fixed in thresholds.items():
        if fixed is None:
            continue
        score = THRESHOLDS.get(key)
        entry = calibration.get("scores", {}).get(score.name) if score else None
        if score and score.is_invariant:
            limits[key] = pd.Series(float(fixed), index=area_fraction.index)
        elif entry and entry["separates"]:
            cuts = np.array([cut["cut"] for cut in entry["cuts"]], float)
            limits[key] = pd.Series(cuts[bins], index=area_fraction.index)
    return limits
