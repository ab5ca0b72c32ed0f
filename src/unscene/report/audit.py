"""The audit of acceptance: what was in force and where it came from, what each score can tell, and
how right it was.
"""

import pandas as pd

from unscene.quality.calibration import SIZE_BINS, find_bin, get_limits, name_bins
from unscene.quality.controls import FAILURES, PERFECT, SHAM
from unscene.report import figures, scores
from unscene.report.numbers import short
from unscene.report.run import Run
from unscene.report.truth import answer
from unscene.words.agreement import count_share

TRUTH = {
    "accepted edits that truly removed the object": ("acceptance", "precision"),
    "true removals that were accepted": ("acceptance", "recall"),
    "edits that truly removed the object": ("acceptance", "truly_removed_of_edits"),
}


def describe_quality(run: Run) -> dict:
    """Return what the section on quality names: the scores of the edits, and the audit of acceptance."""
    quality = scores.describe_scores(run, run.settings["quality"]["thresholds"])
    return {
        "quality": quality,
        "quality_figures": figures.draw_distributions(quality),
        "audit": describe_audit(run),
    }


def describe_audit(run: Run) -> dict:
    """Return what was in force, what each score can tell, and how right acceptance was."""
    quality, calibration = run.settings["quality"], run.calibration
    sources = [source["name"] for source in run.settings["samples"]["sources"]]
    return {
        "policy": quality["policy"],
        "percentile": calibration.get("percentile"),
        "least_auc": calibration.get("least_auc"),
        "reason": calibration.get("reason"),
        "limits": list_limits(run, quality),
        "kinds": list(FAILURES),
        "meanings": FAILURES,
        "scores": list_aucs(calibration),
        "controls": count_accepted_controls(run, quality),
        "sources": sources,
        "truth": answer(TRUTH, run.truth, sources),
        "sizes": count_sizes(run, SIZE_BINS),
        "certificate": run.certificate,
    }


def list_limits(run: Run, quality: dict) -> list[dict]:
    """Return a row per threshold: `key, limit, origin`, and how many edits it refused, first and at all."""
    rejected = run.rejected_edits
    first = rejected["reason"].value_counts()
    every = rejected["all_reasons"].explode().value_counts()
    policy, entries = quality["policy"], run.calibration.get("scores", {})
    # One edit in each bin shows what the bin's limit is.
    bins = name_bins(SIZE_BINS)
    middles = pd.Series([0.0, *SIZE_BINS])
    calibrated = get_limits(run.calibration, quality["thresholds"], middles, SIZE_BINS)
    rows = []
    for key, fixed in quality["thresholds"].items():
        entry = entries.get(key.partition("_")[2])
        if fixed is None:
            limit, origin = None, "off in the config"
        elif policy == "fixed":
            limit, origin = short(fixed), "config"
        elif policy == "certified":
            limit, origin = (
                (short(fixed), "config") if entry is None else (None, "the head decides in its place")
            )
        elif entry is None:
            limit, origin = short(fixed), "config (an invariant)"
        elif key not in calibrated:
            limit, origin = None, f"not used: {entry['reason'] or 'it bounds the good side'}"
        else:
            cuts = [short(float(value)) for value in calibrated[key]]
            parts = [f"{cut} ({name})" for cut, name in zip(cuts, bins, strict=True)]
            limit, origin = ", ".join(parts if len(set(cuts)) > 1 else cuts[:1]), "controls"
        reason = f"quality: {key}"
        rows.append(
            {
                "key": key,
                "limit": limit,
                "origin": origin,
                "first": int(first.get(reason, 0)),
                "any": int(every.get(reason, 0)),
            }
        )
    return rows


def list_aucs(calibration: dict) -> list[dict]:
    """Return a row per score: `name, reference, separates, reason` and, for each kind of failure,
    the reference's AUC against it and whether the score is meant for it.
    """
    return [
        {
            "name": name,
            "reference": entry["reference"],
            "separates": entry["separates"],
            "reason": entry["reason"],
            "auc": {
                kind: entry["auc_sham" if entry["reference"] == SHAM else "auc"][kind]
                | {"meant": kind in entry["meant_for"]}
                for kind in FAILURES
            },
        }
        for name, entry in calibration.get("scores", {}).items()
    ]


def count_accepted_controls(run: Run, quality: dict) -> list[dict]:
    """Return a row per kind of control: the share of it that the limits in force accept, which
    should be all or nothing.
    """
    control = run.control_scores
    if quality["policy"] == "calibrated":
        limits = get_limits(run.calibration, quality["thresholds"], control["area_fraction"], SIZE_BINS)
    else:
        limits = {
            key: pd.Series(float(value), index=control.index)
            for key, value in quality["thresholds"].items()
            if value is not None
        }
    fails = pd.Series(False, index=control.index)
    for key, limit in limits.items():
        side, _, name = key.partition("_")
        if name in control:
            value = control[name].astype(float)
            fails |= value < limit if side == "min" else value > limit
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
