"""From scores of controls to cuts: where faultless edits lie, what a cut catches and what it costs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unscene.quality.controls import FAILURES, PERFECT, SHAM
from unscene.quality.scores import CALIBRATED, FROM_CONTROLS, THRESHOLDS, Threshold
from unscene.run.agreement import count_share, get_auc

# Edges of the bins of mask size, as shares of the photo: a small hole has another seam, blur and
# crop than a large one, and more than three bins would seldom hold MIN_IN_BIN of a run's controls.
SIZE_BINS = (0.02, 0.08)
HELD_OUT = 5  # parts of the reference edits; each in turn is judged by cuts of the others
MIN_IN_BIN = 30  # reference edits: with fewer, a bin takes the cut of all bins together


def name_bins(edges: Sequence[float]) -> list[str]:
    """Return the names of the bins of mask size: one more than there are edges."""
    limits = [0, *edges, 1]
    return [f"{low:g}-{high:g}" for low, high in zip(limits, limits[1:], strict=False)]


def find_bin(area_fraction: pd.Series, edges: Sequence[float]) -> np.ndarray:
    """Return for each mask the position of its bin; an edge belongs to the bin above it."""
    return np.searchsorted(np.asarray(edges, float), area_fraction.to_numpy(float), side="right")


def choose_cut(perfect: np.ndarray, percentile: float, side: str) -> float:
    """Return the cut that lets the share `percentile` of perfect values through: a quantile of the
    observed values.

    side: `min` (the cut is a least value) or `max` (a greatest value). NaN without values.
    """
    if not len(perfect):
        return float("nan")
    if side == "min":
        return float(np.quantile(perfect, 1 - percentile, method="lower"))
    return float(np.quantile(perfect, percentile, method="higher"))


def calibrate(control: pd.DataFrame, percentile: float, edges: Sequence[float]) -> dict:
    """Return for each threshold its cuts, what they catch and what that costs, and for each score
    where its reference edits lie.

    The `reference` of a threshold, which its cuts let through, are for one that judges a fill the
    sham edits, where at least MIN_IN_BIN of them have a value, and else the perfect controls. A
    threshold is `kept` when it earns its cost: of a failure that it is meant for it catches a
    larger share than it refuses of the reference, the lower 95 % limit of the one above the upper
    limit of the other. An AUC is told, and decides nothing: a score may rank most edits by chance
    and still be right about the few that it refuses.
    """
    kinds = control["kind"].value_counts().to_dict()
    return {
        "controls": {kind: int(kinds.get(kind, 0)) for kind in (PERFECT, SHAM, *FAILURES)},
        "kinds": FAILURES,
        "percentile": percentile,
        "size_bins": name_bins(edges),
        "thresholds": {
            key: calibrate_threshold(control, one, percentile, edges)
            for key, one in THRESHOLDS.items()
            if one.score.name in CALIBRATED
        },
    }


def calibrate_threshold(
    control: pd.DataFrame, threshold: Threshold, percentile: float, edges: Sequence[float]
) -> dict:
    """Return what `calibrate` says of one threshold."""
    name, meant_for = threshold.score.name, list(threshold.meant_for)
    faultless = {kind: control[(control["kind"] == kind) & control[name].notna()] for kind in (PERFECT, SHAM)}
    sign = 1.0 if threshold.side == "min" else -1.0
    aucs = {
        reference: {
            kind: get_auc(sign * edits[name], sign * control.loc[control["kind"] == kind, name])
            for kind in FAILURES
        }
        for reference, edits in faultless.items()
    }
    has_shams = threshold.judges_fill and len(faultless[SHAM]) >= MIN_IN_BIN
    reference = SHAM if has_shams else PERFECT
    passing = faultless[reference]
    cuts = choose_cuts(passing, threshold, percentile, edges)
    failures = {kind: control[control["kind"] == kind] for kind in FAILURES}
    caught = {kind: count_beyond(edits, threshold, cuts, edges) for kind, edits in failures.items()}
    false_alarms = count_false_alarms(passing, threshold, percentile, edges)
    kept_for = [
        kind
        for kind in meant_for
        if caught[kind]["n"] and false_alarms["n"] and caught[kind]["low"] > false_alarms["high"]
    ]
    return {
        "score": name,
        "side": threshold.side,
        "meant_for": meant_for,
        "reference": reference,
        "auc": aucs[PERFECT],
        "auc_sham": aucs[SHAM],
        "kept": bool(kept_for),
        "kept_for": kept_for,
        "reason": None if kept_for else explain_uselessness(control, threshold, caught, false_alarms),
        "false_alarms": false_alarms,
        "cuts": cuts,
        "caught": caught,
    }


def choose_cuts(
    passing: pd.DataFrame, threshold: Threshold, percentile: float, edges: Sequence[float]
) -> list[dict]:
    """Return for each bin its cut, and mean and sd of the reference edits that gave it: its own
    from MIN_IN_BIN on, with fewer those of all bins (`pooled`).
    """
    name = threshold.score.name
    bins, cuts = find_bin(passing["area_fraction"], edges), []
    for position, label in enumerate(name_bins(edges)):
        values = passing.loc[bins == position, name].to_numpy(float)
        pooled = len(values) < MIN_IN_BIN
        used = passing[name].to_numpy(float) if pooled else values
        cuts.append(
            {
                "bin": label,
                "n": len(values),
                "pooled": pooled,
                "cut": choose_cut(used, percentile, threshold.side),
                "mean": float(used.mean()) if len(used) else None,
                "sd": float(used.std(ddof=1)) if len(used) > 1 else None,
            }
        )
    return cuts


def count_false_alarms(
    passing: pd.DataFrame, threshold: Threshold, percentile: float, edges: Sequence[float]
) -> dict:
    """Return the share of reference edits that a cut of the others refuses (Wilson interval): each
    fifth is held against the cuts of the other four, since an edit always passes a cut of its own.
    """
    place = np.arange(len(passing)) % HELD_OUT
    refused = known = 0
    for part in range(HELD_OUT):
        others = passing[place != part]
        if len(others):
            found = count_beyond(
                passing[place == part], threshold, choose_cuts(others, threshold, percentile, edges), edges
            )
            refused, known = refused + count_hits(found), known + found["n"]
    return count_share(refused, known)


def explain_uselessness(control: pd.DataFrame, threshold: Threshold, caught: dict, false_alarms: dict) -> str:
    """Say why a threshold is not used: it has nothing to judge, or its cut does not earn its cost."""
    name = threshold.score.name
    if not false_alarms["n"]:
        reasons = control.get(f"{name}_reason", pd.Series(dtype="string")).dropna()
        return str(reasons.mode().iloc[0]) if len(reasons) else "no control has a value"
    if not threshold.meant_for:
        return "its entry names no failure that it is meant for"
    failures = [kind for kind in threshold.meant_for if caught[kind]["n"]]
    if not failures:
        return f"no control of the kind {' or '.join(threshold.meant_for)} has a value"
    shares = ", ".join(f"{count_hits(caught[kind])} of {caught[kind]['n']} {kind}" for kind in failures)
    cost = f"{count_hits(false_alarms)} of {false_alarms['n']} faultless edits"
    return f"its cut catches {shares} and refuses {cost}: no clear gain"


def count_hits(share: dict) -> int:
    """Return the count behind a share of `count_share`."""
    return round((share["share"] or 0) * share["n"])


def count_beyond(
    control: pd.DataFrame, threshold: Threshold, cuts: list[dict], edges: Sequence[float]
) -> dict:
    """Return the share of controls with a value that lie beyond the cut of their bin (Wilson interval)."""
    name = threshold.score.name
    known = control[control[name].notna()]
    limit = np.array([cut["cut"] for cut in cuts], float)[find_bin(known["area_fraction"], edges)]
    return count_share(int(threshold.fails(known[name].to_numpy(float), limit).sum()), len(known))


def standardise(
    score: pd.DataFrame, area_fraction: pd.Series, calibration: dict, edges: Sequence[float]
) -> pd.DataFrame:
    """Return `{score}_z` of each edit: (value - mean) / sd of the reference edits of its bin; NaN
    where they have no spread.
    """
    columns: dict[str, np.ndarray] = {}
    bins = find_bin(area_fraction, edges)
    for entry in calibration["thresholds"].values():
        name = entry["score"]
        if f"{name}_z" in columns:  # the lower side's reference speaks for a score with two
            continue
        mean = np.array([np.nan if cut["mean"] is None else cut["mean"] for cut in entry["cuts"]])[bins]
        spread = np.array([cut["sd"] or np.nan for cut in entry["cuts"]])[bins]
        columns[f"{name}_z"] = (score[name].to_numpy(float) - mean) / spread
    return pd.DataFrame(columns, index=score.index)


def get_limits(
    policy: str, thresholds: dict, calibration: dict, area_fraction: pd.Series, edges: Sequence[float]
) -> dict[str, pd.Series]:
    """Return {threshold's key: limit of each edit} of the thresholds that a policy uses.

    One that is null is off. An invariant's stays as it is; under `certified` there are no others.
    Under `calibrated` the rest take the cut of the edit's bin, where controls kept them, and are
    left out where not. Under `fixed` they stay as they are, and `controls` stands for that cut,
    kept or not; for the strictest limit where no control has a value. calibration: empty where the
    policy needs none.
    """
    bins, limits = find_bin(area_fraction, edges), {}
    for key, fixed in thresholds.items():
        one = THRESHOLDS.get(key)
        if fixed is None or one is None:
            continue
        entry = calibration.get("thresholds", {}).get(key)
        if one.score.is_invariant or (policy == "fixed" and fixed != FROM_CONTROLS):
            limit = np.full(len(bins), float(fixed))
        elif policy == "certified" or (policy == "calibrated" and not (entry and entry["kept"])):
            continue
        else:
            cuts = [np.nan if cut["cut"] is None else cut["cut"] for cut in entry["cuts"]] if entry else []
            limit = np.array(cuts, float)[bins] if cuts else np.full(len(bins), np.nan)
            if policy == "fixed" and one.strictest is not None:
                limit[np.isnan(limit)] = one.strictest
        limits[key] = pd.Series(limit, index=area_fraction.index)
    return limits
