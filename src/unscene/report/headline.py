"""The figures that a reader sees first, in report and paper: ordinary photos before edited pairs, the
main arm beside the untuned model and plain fine-tuning, losses said like gains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from unscene.evaluation.pass_rule import REFERENCES, UNTUNED
from unscene.report.numbers import MINUS, NOT_MEASURED, count, interval, is_null, percent, points
from unscene.report.run import Run
from unscene.report.scores import BETTER, UNCLEAR, WORSE, judge, lacks_trainings
from unscene.run.counts import tell_count

NO_INTERVAL, NOT_JUDGED = "no interval", "not judged"
CEILING = "A ceiling for texts: a linear probe on the image features tells absence with an AUC of"


@dataclass(frozen=True)
class Figure:
    """A figure of the first screen.

    better: 1 when higher is better, -1 when lower is, 0 when neither (it is shown and not judged).
    is_share: a share of 1; else a shift of cosines. gallery: the metric that says among how many
    texts or photos is searched.
    """

    metric: str
    name: str
    better: int = 1
    is_share: bool = True
    gallery: str | None = None


ORDINARY = (
    Figure("absence_auc_known", "absence of an object, held-out denials (AUC; a coin 50)"),
    Figure("absence_auc_unseen_words", "absence, negation words that training has not (AUC)"),
    Figure("affirmative_auc", "presence of an object, held-out assertions (AUC; a coin 50)"),
    Figure("affirmative_auc_tricky", "presence, assertions with a negative word, “no lack of” (AUC)"),
    Figure("nonsense_auc", "nonsense in the place of a denial (AUC; not knowledge)", better=0),
    Figure("absence_own_photo", "“S, no o” against “S, with o” on the own photo (a coin 50)"),
    Figure("absence_auc_never_denied", "absence of objects that the training never denied (AUC)"),
    Figure("wanted_at_10", "“X but no o”: found in the first ten"),
    Figure("violation_at_10", "“X but no o”: o shown in the first ten", better=-1),
    Figure("text_to_image_recall_at_1", "text to photo, recall at 1", gallery="gallery_photos"),
    Figure("image_to_text_recall_at_1", "photo to text, recall at 1", gallery="gallery_captions"),
)
EDITED = (
    Figure("group_score", "group score, caption with the denial (chance 16.7)"),
    Figure("group_score_without", "group score, plain captions (chance 16.7)"),
    Figure("denial_shift", "what an edit adds to the true denial, hundredths", better=0, is_share=False),
    Figure(
        "placebo_shift", "placebo: what it adds to denials of objects in neither photo", -1, is_share=False
    ),
    Figure("caption_probe_auc", "captions told by a linear probe (AUC; 50 is clean)", better=-1),
    Figure("sham_flip_rate", "sham edits taken for removals", better=-1),
)


@dataclass(frozen=True)
class Row:
    """A figure as it was measured. values: arm -> mean, low, high (shares or cosines; the limits may
    be null). changes: reference -> difference, low, high, outcome.
    """

    figure: Figure
    values: dict[str, dict]
    changes: dict[str, dict]
    gallery: int | None


def list_rows(
    summary: pd.DataFrame, comparison: pd.DataFrame, figures: Sequence[Figure], main_arm: str
) -> list[Row]:
    """Return a row a figure that any of the shown arms has a value of, in their order.

    summary: `arm metric mean`, with `low high` where there are limits. comparison: `contrast metric
    difference low high`, with `corrected_t_low corrected_t_high` where trainings tell.
    """
    arms = [main_arm, *(arm for arm in REFERENCES if arm != main_arm)]
    means = {(row["arm"], row["metric"]): row for row in summary.to_dict("records")}
    contrasts = {(row["contrast"], row["metric"]): row for row in comparison.to_dict("records")}
    rows = []
    for figure in figures:
        values = {
            arm: means[arm, figure.metric]
            for arm in arms
            if (arm, figure.metric) in means and not is_null(means[arm, figure.metric]["mean"])
        }
        if not values:
            continue
        changes = {
            reference: find_change(figure, values, (main_arm, reference), contrasts)
            for reference in arms[1:]
            if {main_arm, reference} <= values.keys()
        }
        gallery = means.get((main_arm, figure.gallery), {}).get("mean")
        rows.append(Row(figure, values, changes, None if is_null(gallery) else int(gallery)))
    return rows


def find_change(figure: Figure, values: dict, pair: tuple[str, str], contrasts: dict) -> dict:
    """Return `difference low high outcome` of two arms; the limits are those of the wider interval
    on either side. Where no contrast was made, or of several trainings none could be tested, there
    is no interval, and nothing is claimed.
    """
    one, other = pair
    row = contrasts.get((f"{one}-{other}", figure.metric))
    if row is None or is_null(row["low"]) or is_null(row["high"]) or lacks_trainings(row):
        difference = values[one]["mean"] - values[other]["mean"]
        return {"difference": difference, "low": None, "high": None, "outcome": NO_INTERVAL}
    lows, highs = (
        [limit for limit in (row[end], row.get(f"corrected_t_{end}")) if not is_null(limit)]
        for end in ("low", "high")
    )
    low, high = min(lows), max(highs)
    outcome = judge(low, high)
    if figure.better < 0:
        outcome = {BETTER: WORSE, WORSE: BETTER}.get(outcome, outcome)
    return {
        "difference": row["difference"],
        "low": low,
        "high": high,
        "outcome": outcome if figure.better else NOT_JUDGED,
    }


def take_world(set_summary: pd.DataFrame, sets: pd.DataFrame, world: str) -> tuple[pd.DataFrame, ...]:
    """Return (summary, comparison) of a fresh world's photos, from its sets of objects and of
    retrieval (recalls and their galleries), in the form that `list_rows` takes. set_summary, sets: as
    compare_arms_on_sets writes them.
    """
    recalls = [name for figure in ORDINARY if figure.gallery for name in (figure.metric, figure.gallery)]
    frames = []
    for frame in (set_summary, sets):
        of_retrieval = (frame["set"] == f"{world}_retrieval") & frame["metric"].isin(recalls)
        of_objects = (frame["set"] == f"{world}_objects") & ~frame["metric"].isin(recalls)
        frames.append(frame[of_retrieval | of_objects])
    return frames[0].rename(columns={"model": "arm"}), frames[1]


def write_value(row: Row, arm: str) -> str:
    """Return an arm's value as text, with its interval where it has one."""
    value = row.values.get(arm, {})
    if is_null(value.get("low")) or is_null(value.get("high")):
        return write_mean(row, arm)
    return f"{write_mean(row, arm)} ({interval(value['low'], value['high'])})"


def write_mean(row: Row, arm: str) -> str:
    """Return an arm's mean as text: percent without its sign, or hundredths of a cosine."""
    mean = row.values.get(arm, {}).get("mean")
    return NOT_MEASURED if is_null(mean) else f"{100 * mean:.1f}".replace("-", MINUS)


def write_change(change: dict | None) -> str:
    """Return a change as text: points, or hundredths of a cosine, with its interval."""
    if change is None:
        return NOT_MEASURED
    return f"{points(change['difference'])} ({interval(change['low'], change['high'], signed=True)})"


def name_figure(row: Row) -> str:
    """Return a figure's name with the size of its gallery."""
    return row.figure.name + (f", of {count(row.gallery)}" if row.gallery else "")


def tabulate(rows: Sequence[Row], main_arm: str) -> pd.DataFrame:
    """Return a row of text a figure: the main arm, its references, its changes against them."""
    references = [arm for arm in REFERENCES if arm != main_arm]
    return pd.DataFrame(
        {
            "figure": name_figure(row),
            main_arm: write_value(row, main_arm),
            **{arm: write_value(row, arm) for arm in references},
            **{f"minus {arm}": write_change(row.changes.get(arm)) for arm in references},
            "reading": row.changes.get(UNTUNED, {}).get("outcome", NOT_MEASURED),
        }
        for row in rows
    )


def tell_changes(rows: Sequence[Row], main_arm: str) -> list[str]:
    """Return sentences: on which figures the main arm is shown to be worse than the untuned model,
    on which better, on which neither is shown, and which have no interval.
    """
    named = {
        outcome: [
            f"{name_figure(row).split(' (')[0]} {write_change(row.changes[UNTUNED])}"
            for row in rows
            if row.changes.get(UNTUNED, {}).get("outcome") == outcome
        ]
        for outcome in (WORSE, BETTER, UNCLEAR, NO_INTERVAL)
    }
    told = {
        WORSE: f"Worse than {UNTUNED}",
        BETTER: f"Better than {UNTUNED}",
        UNCLEAR: "Neither better nor worse is shown",
        NO_INTERVAL: "Without an interval nothing is claimed",
    }
    sentences = [f"{told[outcome]}: {'; '.join(names)}." for outcome, names in named.items() if names]
    if not named[WORSE] and any(named.values()):
        sentences.insert(0, f"No figure of {main_arm} is shown to be worse than {UNTUNED}.")
    return sentences


def describe_headline(run: Run) -> dict:
    """Return what the page's head names as `headline`: the pass rule's sentence, alarms, what
    changed, and the first figures.

    With a fresh world its photos stand for the ordinary ones: no arm was chosen on them.
    """
    settings, main_arm = run.settings, run.settings["deploy"]["arm"]
    if run.summary is None:
        return _tell_pairs(run)
    world = settings["evaluate"].get("world")
    references = [arm for arm in REFERENCES if arm != main_arm and arm in set(run.summary["arm"])]
    summary, comparison, title = run.summary, run.comparison, "Ordinary photos of the held-out folds"
    names = ["summary", "comparison"]
    if world:
        of_world = take_world(run.set_summary, run.sets, world["name"])
        if list_rows(*of_world, ORDINARY, main_arm):
            summary, comparison = of_world
            title = f"Ordinary photos of a fresh world, {count(world['photos'])} of them"
            names += ["set_summary", "sets"]
    ordinary = list_rows(summary, comparison, ORDINARY, main_arm)
    edited = list_rows(run.summary, run.comparison, EDITED, main_arm)
    ceiling = summary.loc[summary["metric"] == "absence_probe_auc", "mean"].max()
    return {
        "verdict": run.verdict["sentence"],
        "alarms": run.verdict["alarms"],
        "undecided": run.verdict["alarms_not_decided"],
        "changes": tell_changes([*ordinary, *edited], main_arm),
        "blocks": [
            {"title": name, "rows": [describe_row(row, main_arm, references) for row in rows]}
            for name, rows in ((title, ordinary), ("Edited pairs of the held-out folds", edited))
            if rows
        ],
        "references": references,
        "source": ", ".join(str(run.paths[name]) for name in names),
        "confidence": settings["evaluate"]["confidence"],
        "note": "" if is_null(ceiling) else f" {CEILING} {percent(ceiling)}.",
    }


def _tell_pairs(run: Run) -> dict:
    """Return the head's values of a run in which no arm was tested."""
    why = (
        f"No arm was tested, for want of pairs: {run.left_out}. The"
        if run.left_out
        else "Nothing was trained, since train.clip is null: the"
    )
    told = f"{why} run ends in {tell_count(len(run.pairs), 'pair')}.{_tell_lack(run)}"
    empty: dict = dict.fromkeys(("alarms", "changes", "blocks", "references"), [])
    confidence = run.settings["evaluate"]["confidence"]
    blank = dict.fromkeys(("source", "note", "undecided"), "")
    return {"verdict": told, "confidence": confidence, **blank, **empty}


def _tell_lack(run: Run) -> str:
    """Return a sentence that says where all edits were lost before one was made; nothing otherwise."""
    if run.masks.empty:
        return " No caption names a word of this run's list (key words), so no edit was wanted."
    if not (run.masks["status"] == "ok").any():
        named = tell_count(len(run.masks), "named object")
        return f" Of {named} none was found on its photo; {run.paths['masks']} has the reasons."
    return ""


def describe_row(row: Row, main_arm: str, references: Sequence[str]) -> dict:
    """Return a row of the page's table, `name cells outcome`: the values, then the changes, as text."""
    return {
        "name": name_figure(row),
        "cells": [
            write_value(row, main_arm),
            *(write_mean(row, arm) for arm in references),
            *(write_change(row.changes.get(arm)) for arm in references),
        ],
        "outcome": row.changes.get(UNTUNED, {}).get("outcome", NOT_MEASURED),
    }
