"""Tables of text that the report and a paper share: WiSE-FT, unseen categories, queries, controls
for shortcuts.
"""

from dataclasses import dataclass

import pandas as pd

from unscene.report.numbers import NOT_MEASURED, count, interval, is_null, percent, points, short

QUERY_METRICS = {
    "violation_at_5": "violation@5",
    "violation_at_10": "violation@10",
    "wanted_at_5": "wanted@5",
    "wanted_at_10": "wanted@10",
    "average_precision": "mAP",
}
SHARES_OF_SHORTCUTS = {
    "probe_auc": "edits, probe AUC",
    "paired_probe_auc": "edits, within pairs",
    "simple_probe_auc": "edits, six simple numbers, AUC",
    "paired_simple_probe_auc": "edits, six simple numbers, within pairs",
    "sham_probe_auc": "sham edits, probe AUC",
    "paired_sham_probe_auc": "sham edits, within pairs",
    "caption_probe_auc": "captions, probe AUC",
    "artefact_gap": "artefact gap",
    "group_score_true": "group score, true pictures",
}
FLIPS = {
    "sham_flip_rate": "all sham edits",
    "sham_flip_rate_free": "on free ground",
    "sham_flip_rate_busy": "on busy ground",
    "sham_flip_rate_edge": "over another object's edge",
    "sham_flip_rate_retried": "of second attempts",
    "carried_flip_rate": "with the edit's own fill",
}
SHIFTS = {
    "denial_shift": "the removed object",
    "placebo_shift": "objects in neither photo",
    "kept_shift": "objects still in both photos",
}
SWEPT = {"group_score": "group score", "text_to_image_recall_at_1": "text to image R@1"}


@dataclass(frozen=True)
class FurtherTable:
    """A table of text: its name (of a file, too), caption, what a reader must know, and its columns."""

    name: str
    caption: str
    note: str
    frame: pd.DataFrame


def list_tables(
    summary: pd.DataFrame, sweep: pd.DataFrame | None, unseen: pd.DataFrame | None
) -> list[FurtherTable]:
    """Return the tables that a run allows, each with at least one measured value.

    summary: as compare_arms writes it. sweep: a row an arm, fold, seed and alpha, or None. unseen:
    as compare_unseen_classes writes it, or None.
    """
    measured = summary.dropna(subset="mean")
    tables = [
        FurtherTable(
            "queries",
            "Queries “a photo with X but no o” over untouched photos",
            (
                "Violation: share of the first photos that show o; wanted: that show X and not o. Means "
                "over folds and the interval of the fold means."
            ),
            _tabulate(measured, QUERY_METRICS, _share),
        ),
        FurtherTable(
            "shortcuts",
            "Controls for shortcuts",
            "A linear probe tells edits, or sham edits, from originals. It looks at image features, or at "
            "six simple numbers of a picture (sharpness, noise, blockiness, local contrast, saturation, "
            "edges). "
            "Within pairs it tells the edit of each pair, as training sees it. One on text features tells "
            "negated captions from plain ones. 50\u202f% is chance, and tuning should not raise it.",
            _tabulate(measured, SHARES_OF_SHORTCUTS, _share),
        ),
        FurtherTable(
            "shams",
            "Sham edits, by what their hole lies on",
            "Share of the originals told rightly whose sham edit, which still has its object, is told "
            "wrongly. Last: with the edit's own fill carried to the sham edit's hole.",
            _tabulate(measured, FLIPS, _share),
        ),
        FurtherTable(
            "placebo",
            "Placebo: what a removal does to “a photo with no …”",
            "By how much the edit is closer to the phrase than the original, in hundredths of a cosine. "
            "For an object that is in neither photo, or still in both, it should be 0; an untuned model "
            "shows what the emptier picture alone does.",
            _tabulate(measured, SHIFTS, _shift),
        ),
    ]
    if sweep is not None:
        note = (
            "Weights between the untuned (α = 0) and the tuned model (α = 1); α is chosen on photo groups "
            "that no model was trained on."
        )
        tables.insert(0, FurtherTable("wise_ft", "WiSE-FT by arm", note, tabulate_sweep(sweep)))
    if unseen is not None:
        note = (
            "The same pairs, tested by models that never saw their category removed, by the same arm's "
            "models of the folds of photos, and by the untuned model. Intervals: bootstrap over photo "
            "groups."
        )
        tables.append(FurtherTable("unseen_classes", "Unseen categories", note, tabulate_unseen(unseen)))
    return [table for table in tables if len(table.frame)]


def tabulate_sweep(sweep: pd.DataFrame) -> pd.DataFrame:
    """Return a row an arm: the chosen alphas, and each metric of SWEPT there and at the tuned
    weights, mean over folds and seeds.

    Without intervals: the trainings of the folds overlap, and a further seed may have a split of its own.
    """
    metrics = {
        metric: name for metric, name in SWEPT.items() if metric in sweep and sweep[metric].notna().any()
    }
    rows = []
    for arm, own in sweep.groupby("arm", sort=False):
        chosen = own[own["chosen"].astype(bool)]
        alphas = chosen["alpha"].value_counts().sort_index()
        row = {
            "arm": arm,
            "chosen α (times)": ", ".join(f"{short(alpha)} ({count(n)})" for alpha, n in alphas.items()),
        }
        tuned = own[own["alpha"] == 1]
        for metric, name in metrics.items():
            for at, part in {"chosen α": chosen, "α = 1": tuned}.items():
                row[f"{name}, {at}"] = percent(part[metric].astype(float).mean())
        rows.append(row)
    return pd.DataFrame(rows)


def tabulate_unseen(unseen: pd.DataFrame) -> pd.DataFrame:
    """Return a row an arm and metric: unseen, seen and untuned, the two differences with their
    intervals, pairs and categories.
    """
    return pd.DataFrame(
        {
            "arm": row["arm"],
            "measure": row["metric"].replace("_", " "),
            "unseen": percent(row["unseen"]),
            "seen": percent(row["seen"]),
            "untuned": percent(row["zero_shot"]),
            **{
                f"unseen − {name}": (
                    f"{points(row[key])} ({interval(row[f'{key}_low'], row[f'{key}_high'], signed=True)})"
                )
                for key, name in (("minus_seen", "seen"), ("minus_zero_shot", "untuned"))
            },
            "pairs": count(row["n"]),
            "categories": count(row["classes"]),
        }
        for row in unseen.to_dict("records")
    )


def _tabulate(summary: pd.DataFrame, metrics: dict[str, str], write) -> pd.DataFrame:
    """Return a row of text a metric that any arm has, and a column an arm; no row when none has any."""
    metrics = {metric: name for metric, name in metrics.items() if metric in set(summary["metric"])}
    if not metrics:
        return pd.DataFrame()
    found = {(row["arm"], row["metric"]): row for row in summary.to_dict("records")}
    return pd.DataFrame(
        {"measure": name, **{arm: write(found.get((arm, metric))) for arm in pd.unique(summary["arm"])}}
        for metric, name in metrics.items()
    )


def _share(row: dict | None) -> str:
    if row is None or is_null(row["mean"]):
        return NOT_MEASURED
    return f"{percent(row['mean'])} ({interval(row['low'], row['high'])})"


def _shift(row: dict | None) -> str:
    if row is None or is_null(row["mean"]):
        return NOT_MEASURED
    return f"{points(row['mean'])} ({interval(row['low'], row['high'], signed=True)})"
