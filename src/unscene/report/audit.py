"""The audit of acceptance: what was in force and where it came from, what each threshold catches and
costs, and how right it was.
"""

import pandas as pd

from unscene.quality.calibration import SIZE_BINS, count_hits, find_bin, get_limits, name_bins
from unscene.quality.controls import FAILURES, PERFECT
from unscene.quality.scores import FROM_CONTROLS, THRESHOLDS
from unscene.report import figures, scores
from unscene.report.numbers import short
from unscene.report.run import Run
from unscene.report.truth import answer
from unscene.run.agreement import count_share
from unscene.run.configuration import list_sources

TRUTH = {
    "accepted edits that truly removed the object": ("acceptance", "precision"),
    "true removals that were accepted": ("acceptance", "recall"),
    "edits that truly removed the object": ("acceptance", "truly_removed_of_edits"),
}


# Of a run without controls.
NO_CALIBRATION = {"reason": "quality.controls is 0: no edits with a known answer are made"}


def describe_quality(run: Run) -> dict:
    """Return what the section on quality names: the scores of the edits, and the audit of acceptance."""
    quality = scores.describe_scores(run, run.settings["quality"]["thresholds"])
    return {
        "quality": quality,
        "quality_figures": figures.draw_distributions(quality),
        "audit": describe_audit(run),
    }


def describe_audit(run: Run) -> dict:
    """Return what was in force, what each threshold catches, and how right acceptance was."""
    quality, calibration = run.settings["quality"], run.calibration or NO_CALIBRATION
    sources = [source["name"] for source in list_sources(run.settings)]
    return {
        "policy": quality["policy"],
        "percentile": calibration.get("percentile"),
        "reason": calibration.get("reason"),
        "limits": list_limits(run, quality),
        "kinds": list(FAILURES),
        "meanings": FAILURES,
        "catches": list_catches(calibration),
        "controls": count_accepted_controls(run, quality),
        "sources": sources,
        "truth": answer(TRUTH, run.truth, sources),
        "sizes": count_sizes(run, SIZE_BINS),
        "certificate": run.certificate,
    }


def list_limits(run: Run, quality: dict) -> list[dict]:
    """Return a row per threshold: `key, limit, origin`, how many edits it refused, first and at all,
    `is_off` where it judges nothing, and what controls say of its cut (`figures`).
    """
    rejected = run.rejected_edits
    first = rejected["reason"].value_counts()
    every = rejected["all_reasons"].explode().value_counts()
    calibration = run.calibration or NO_CALIBRATION
    policy, entries = quality["policy"], calibration.get("thresholds", {})
    # One edit in each bin shows what the bin's limit is.
    bins = name_bins(SIZE_BINS)
    middles = pd.Series([0.0, *SIZE_BINS])
    limits = get_limits(policy, quality["thresholds"], calibration, middles, SIZE_BINS)
    rows = []
    for key, fixed in quality["thresholds"].items():
        entry, limit = entries.get(key), None
        if key in limits:
            cuts = [short(float(value)) for value in limits[key]]
            parts = [f"{cut} ({name})" for cut, name in zip(cuts, bins, strict=True)]
            limit = ", ".join(parts if len(set(cuts)) > 1 else cuts[:1])
        reason = f"quality: {key}"
        rows.append(
            {
                "key": key,
                "limit": limit,
                "origin": _name_origin(key, fixed, policy, entry),
                "is_off": limit is None,
                "figures": _write_figures(entry) if entry else None,
                "first": int(first.get(reason, 0)),
                "any": int(every.get(reason, 0)),
            }
        )
    return rows


def _name_origin(key: str, fixed: float | str | None, policy: str, entry: dict | None) -> str:
    """Say where a threshold's limit comes from, or why it has none."""
    if fixed is None:
        return "off in the config"
    if THRESHOLDS[key].score.is_invariant:
        return "config (the same under every policy)"
    if policy == "certified":
        return "the head decides in its place"
    if policy == "fixed":
        return "controls" if fixed == FROM_CONTROLS else "config"
    if entry is None:
        return "not used: not calibrated"
    return "controls" if entry["kept"] else f"not used: {entry['reason']}"


def _write_figures(entry: dict) -> str:
    """Say what a threshold's cut catches of the failures that it is meant for, and what that costs."""
    shares = {kind: entry["caught"][kind] for kind in entry["meant_for"]}
    caught = ", ".join(f"{count_hits(one)} of {one['n']} {kind}" for kind, one in shares.items() if one["n"])
    alarms = entry["false_alarms"]
    cost = f"refuses {count_hits(alarms)} of {alarms['n']} faultless"
    return f"catches {caught or 'nothing: no control'}; {cost}"


def list_catches(calibration: dict) -> list[dict]:
    """Return a row per threshold that controls calibrate, in the order of the scores: `key,
    reference, kept, reason, false_alarms` and, for each kind of failure, the share that its cut
    catches and whether it is meant for it.
    """
    entries = calibration.get("thresholds", {})
    return [
        {
            "key": key,
            "reference": entries[key]["reference"],
            "kept": entries[key]["kept"],
            "reason": entries[key]["reason"],
            "false_alarms": entries[key]["false_alarms"],
            "caught": {
                kind: entries[key]["caught"][kind] | {"meant": kind in entries[key]["meant_for"]}
                for kind in FAILURES
            },
        }
        for key in THRESHOLDS
        if key in entries
    ]


def count_accepted_controls(run: Run, quality: dict) -> list[dict]:
    """Return a row per kind of control: the share of it that the limits in force accept, which
    should be all or nothing.
    """
    control = run.control_scores
    if control is None:
        return []
    area = control["area_fraction"]
    limits = get_limits(quality["policy"], quality["thresholds"], run.calibration, area, SIZE_BINS)
    fails = pd.Series(False, index=control.index)
    for key, limit in limits.items():
        if THRESHOLDS[key].score.name in control:
            fails |= THRESHOLDS[key].fails(control[THRESHOLDS[key].score.name].astype(float), limit)
    return [
        {
            "kind": kind,
            **count_share(
                int((~fails & (control["kind"] == kind)).sum()), int((control["kind"] == kind).sum())
            ),
        }
        for kind in (PERFECT, *FAILURES)
    ]


def count_sizes(run: Run, edges: list[float]) -> list[dict]:
    """Return a row per bin of mask size: `bin, masks, edits, pairs` and the share of the edits that
    was accepted.
    """
    mask = run.masks[run.masks["status"] == "ok"]
    if "area_fraction" not in mask:
        return []
    made = set(run.edits.loc[run.edits["status"] == "ok", "edit_id"])
    accepted = set(run.pairs["edit_id"])
    bins = find_bin(mask["area_fraction"], edges)
    rows = []
    for position, name in enumerate(name_bins(edges)):
        ids = mask.loc[bins == position, "edit_id"]
        edits, pairs = int(ids.isin(made).sum()), int(ids.isin(accepted).sum())
        rows.append(
            {"bin": name, "masks": len(ids), "edits": edits, "pairs": pairs, **count_share(pairs, edits)}
        )
    return rows
