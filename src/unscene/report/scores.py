"""Scores of the edits and of the arms, and the sentence that says what a run showed."""

import re

import numpy as np
import pandas as pd

from unscene.evaluation.pass_rule import REFERENCES
from unscene.quality.scores import FROM_CONTROLS
from unscene.report.numbers import count, interval, is_null, percent, points, ratio
from unscene.report.run import Run
from unscene.run.counts import tell_count

# Of a pair there are four cosines. A text score needs, for each of the two photos, its own caption
# before the other's: two independent coin flips for a model that knows nothing (1/4); an image
# score likewise, by caption. Both at once: 4 of the 24 orders of the four cosines satisfy all four
# inequalities (1/6). Thrush et al. 2022, Winoground.
CHANCE = {"text_score": 1 / 4, "image_score": 1 / 4, "group_score": 1 / 6}
PAIR_METRICS = tuple(CHANCE)
# What the intervals of a difference say.
BETTER, WORSE, UNCLEAR = "better", "worse", "no clear difference"
_RECALL = re.compile(r"(?:^|_)(?:r|recall)_?(?:at)?_?(\d+)$")


def describe_scores(run: Run, thresholds: dict) -> list[dict]:
    """Return a row per score of the edits: values, quantiles, the threshold on it, and the share
    that passes it.

    `min_{score}` and `max_{score}` name the thresholds; a score that is null everywhere says why.
    """
    rows = []
    for name in run.scores.columns:
        column = run.scores[name]
        if name == "edit_id" or name.endswith("_reason") or not _is_score(column, name, run.scores):
            continue
        values = column.astype(float).dropna().to_numpy()
        bounds = {side: thresholds.get(f"{side}_{name}") for side in ("min", "max")}
        # A limit that controls give is another one by size of the mask: the audit tells it.
        bounds = {side: bound for side, bound in bounds.items() if bound not in (None, FROM_CONTROLS)}
        passed = None
        if bounds and len(values):
            passes = (values >= bounds.get("min", -np.inf)) & (values <= bounds.get("max", np.inf))
            passed = float(np.mean(passes))
        rows.append(
            {
                "name": name,
                "values": values,
                "nulls": len(column) - len(values),
                "reason": _why_null(run.scores, name),
                "quantiles": np.quantile(values, [0.05, 0.5, 0.95]) if len(values) else None,
                "bounds": bounds,
                "passed": passed,
            }
        )
    return rows


def list_arms(run: Run) -> list[str]:
    """Return the arms that have scores, in the order of the summary, which is that of the config."""
    return list(dict.fromkeys(run.summary["arm"]))


def get_summary(run: Run, arm: str, metric: str) -> dict | None:
    """Return `mean, low, high, n` of an arm's metric, or None when it has no such row or no value."""
    rows = run.summary[(run.summary["arm"] == arm) & (run.summary["metric"] == metric)]
    if rows.empty or is_null(rows.iloc[0]["mean"]):
        return None
    return rows.iloc[0].to_dict()


def list_metrics(run: Run) -> dict[str, list[str]]:
    """Return the metrics by kind: `pair`, `retrieval`, `other`."""
    metrics = list(dict.fromkeys(run.summary["metric"]))
    recalls = sorted((m for m in metrics if _RECALL.search(m)), key=_recall_key)
    return {
        "pair": [metric for metric in PAIR_METRICS if metric in metrics],
        "retrieval": recalls,
        "other": [metric for metric in metrics if metric not in PAIR_METRICS and metric not in recalls],
    }


def name_metric(metric: str) -> str:
    """Return a metric's name for people: `text_to_image_r1` becomes `text to image R@1`."""
    match = _RECALL.search(metric)
    if match:
        return f"{metric[: match.start()].replace('_', ' ')} R@{match.group(1)}".strip()
    return metric.replace("_", " ")


def list_contrasts(run: Run) -> list[dict]:
    """Return the contrasts with their outcome: `arm, reference, metric, difference, low, high, p,
    n, outcome`.
    """
    rows = []
    for row in run.comparison.to_dict("records"):
        arm, _, reference = row["contrast"].partition("-")
        limits = [row["low"], row["high"], row.get("corrected_t_low"), row.get("corrected_t_high")]
        outcome = "not measured" if lacks_trainings(row) else judge(*limits)
        rows.append({**row, "arm": arm, "reference": reference, "outcome": outcome})
    return rows


def lacks_trainings(row: dict) -> bool:
    """Tell whether a contrast is of several trained models without a corrected t: its interval over
    photos says nothing of another training, so it carries no claim.

    row: of sets.csv (`models`) or of comparison.csv (`folds`, the tested parts, and `test_to_train`,
    above 0 where an arm was trained).
    """
    several = row.get("models", 1) > 1 or (row.get("folds", 1) > 1 and row.get("test_to_train", 0) > 0)
    return several and (is_null(row.get("corrected_t_low")) or is_null(row.get("corrected_t_high")))


def judge(low: object, high: object, t_low: object = None, t_high: object = None) -> str:
    """Return what the intervals of a difference say: better, worse, no clear difference, or not measured.

    A claim needs both the bootstrap over photo groups (low, high) and, where there is one, the
    corrected t over folds: the first ignores that another training would have come out otherwise.
    """
    if is_null(low) or is_null(high):
        return "not measured"
    if not is_null(t_low) and not is_null(t_high):
        low, high = min(low, t_low), max(high, t_high)
    if low > 0:
        return BETTER
    return WORSE if high < 0 else UNCLEAR


def write_verdict(run: Run, arm: str, confidence: float) -> list[str]:
    """Return the sentences that say what the run showed about its main arm, each made from summary
    and comparison.
    """
    found = get_summary(run, arm, "group_score")
    if found is None:
        return [f"The group score of {arm} was not measured: {_why_no_score(run, arm)}."]
    level = f"{100 * confidence:g}\u202f% interval"
    span = interval(found["low"], found["high"])
    sentences = [
        f"{arm} has a group score of {percent(found['mean'])}, the mean of {count(found['n'])} folds "
        f"({level} {span}), on {tell_count(count_tested(run, arm), 'held-out pair')}; chance is "
        f"{percent(CHANCE['group_score'])}."
    ]
    sentences += [_compare(run, arm, reference) for reference in REFERENCES if reference != arm]
    return sentences


def _compare(run: Run, arm: str, reference: str) -> str:
    row = next(
        (
            r
            for r in list_contrasts(run)
            if (r["arm"], r["reference"], r["metric"]) == (arm, reference, "group_score")
        ),
        None,
    )
    if row is None or row["outcome"] == "not measured":
        why = "comparison.csv has no such contrast" if row is None else "the contrast has no interval"
        return f"The difference from {reference} was not measured: {why}."
    size = f"{points(row['difference'])} points, {interval(row['low'], row['high'], signed=True)}"
    if row["outcome"] == UNCLEAR:
        more = ""
        if judge(row["low"], row["high"]) != row["outcome"]:
            limits = interval(row["corrected_t_low"], row["corrected_t_high"], signed=True)
            more = f" over these pairs, but {limits} by the corrected t over folds"
        return f"There is no clear difference from {reference} ({size}{more})."
    return f"It is {row['outcome']} than {reference} ({size})."


def _why_no_score(run: Run, arm: str) -> str:
    if run.pairs.empty:
        return "no edit was accepted, so there was no pair to test"
    if arm not in set(run.summary["arm"]):
        return f"summary.csv has no arm {arm}"
    return "its row in summary.csv is null"


def _is_score(column: pd.Series, name: str, frame: pd.DataFrame) -> bool:
    """A score is a float column, or one that is null everywhere and has a reason column."""
    return pd.api.types.is_float_dtype(column) or (column.isna().all() and f"{name}_reason" in frame)


def _why_null(scores: pd.DataFrame, name: str) -> str | None:
    """Return the commonest reason for nulls of a score: its own reason column, else the edit's status."""
    nulls = scores[scores[name].isna()]
    for column in (f"{name}_reason", "reason", "status"):
        if column in nulls and len(nulls):
            given = nulls[column].dropna().astype(str)
            given = given[(given != "") & (given != "ok")]
            if len(given):
                return given.value_counts().sort_index().idxmax()
    return None


def _recall_key(metric: str) -> tuple[str, int]:
    match = _RECALL.search(metric)
    return metric[: match.start()], int(match.group(1))


def count_tested(run: Run, arm: str) -> int:
    """Return how many different pairs an arm was tested on, over all folds."""
    return int(run.tested.loc[run.tested["arm"] == arm, "edit_id"].nunique())


def share_accepted(run: Run) -> float | None:
    """Return accepted pairs per edit that was painted."""
    return ratio(len(run.pairs), int((run.edits["status"] == "ok").sum()))
