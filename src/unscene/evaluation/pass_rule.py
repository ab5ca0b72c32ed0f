"""The pass rule: what must hold before anybody says that the main arm learned absence and forgot nothing.

It was fixed before any real photo was trained on. It judges the arm that is deployed, in the form in
which it is deployed. Each part holds, fails, is not shown, or was not measured:

* it holds when the whole interval lies on the right side of the part's bound;
* it fails when the whole interval lies on the wrong side: harm is shown;
* else it is not shown, which is no harm, and no proof either.

An interval reaches as far as the wider of two does, on either side: that of the photos and, where
several models were trained, the corrected t over trainings.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

HOLDS, FAILS, NOT_SHOWN = "holds", "fails", "not shown"
NOT_MEASURED, NOT_DECIDED = "not measured", "not decided"
STATUSES = (HOLDS, FAILS, NOT_SHOWN, NOT_MEASURED)
ALPHA = 0.05
ROUNDING = 1e-9  # .32 - .3 is not .02 to the last bit
# The family of primary hypotheses, on the group score: main arm minus each of these.
PRIMARY = ["zero_shot", "originals", "random"]
PRIMARY_METRIC = "group_score"
# What the main arm is held against elsewhere: arms, and what a model without any knowledge has.
UNTUNED = "zero_shot"
REFERENCES = (UNTUNED, "originals")
CHANCE = "chance"
CHANCE_OF = {"absence_auc_known": 0.5, "placebo_excess": 0.0}
# By the role of the sets that they stand on, or None for the folds: contrasts, a row a contrast and
# metric, with `contrast metric difference low high corrected_t_low corrected_t_high`; of sets also
# `set` and `models`, how many models of the main arm were tested.
Contrasts = Mapping[str | None, pd.DataFrame]


@dataclass(frozen=True)
class Part:
    """One requirement: its name, what it asks in words, its status, and what was found or why nothing was."""

    name: str
    asks: str
    status: str
    found: str


@dataclass(frozen=True)
class Bound:
    """What one figure is asked: that main arm minus `reference` in `metric` is above -margin.

    metric: a metric's name, or `prefix*` for every metric that begins so. is_loss: lower is better,
    so the difference is turned. margin: by how much the main arm may be worse, in shares of 1; 0
    asks for better than the reference. may_equal: the bound itself will do, as "not below" allows
    no change.
    """

    metric: str
    reference: str
    margin: float = 0.0
    is_loss: bool = False
    may_equal: bool = False


@dataclass(frozen=True)
class Estimate:
    """A difference with its limits, better being higher, and what it is of."""

    name: str
    difference: float
    low: float
    high: float
    margin: float
    may_equal: bool

    @property
    def status(self) -> str:
        """HOLDS, FAILS or NOT_SHOWN by the limits; NOT_MEASURED without them."""
        if math.isnan(self.difference) or math.isnan(self.low) or math.isnan(self.high):
            return NOT_MEASURED
        slack = ROUNDING if self.may_equal else -ROUNDING
        if self.low > -self.margin - slack:
            return HOLDS
        return FAILS if self.high < -self.margin - ROUNDING else NOT_SHOWN

    def describe(self) -> str:
        """Return it in words, in points."""
        if math.isnan(self.difference):
            return f"{self.name} not measured"
        if self.status == NOT_MEASURED:
            return f"{self.name} {100 * self.difference:+.1f} points, without an interval"
        return (
            f"{self.name} {100 * self.difference:+.1f} points "
            f"({100 * self.low:+.1f} to {100 * self.high:+.1f})"
        )


@dataclass(frozen=True)
class Requirement:
    """A part of the rule: its name, what it asks in words, and the bounds that must all hold.

    sources: where their metrics are looked for, in this order: roles of sets, and FOLDS.
    """

    name: str
    asks: str
    bounds: tuple[Bound, ...]
    sources: tuple[str | None, ...]


def _against(metric: str, references: Sequence[str] = REFERENCES, **more) -> tuple[Bound, ...]:
    return tuple(Bound(metric, reference, **more) for reference in references)


FOLDS = None
_RECALLS = ("image_to_text_recall_at_1", "text_to_image_recall_at_1")
REQUIREMENTS = (
    Requirement(
        "absence on ordinary photos",
        "AUC of held-out denials of an object, photos without it above photos with it: above .5, above "
        "zero_shot and above originals",
        (Bound("absence_auc_known", CHANCE), *_against("absence_auc_known")),
        ("objects", FOLDS),
    ),
    Requirement(
        "affirmative wordings",
        "AUC of held-out affirmative wordings on ordinary photos at most 2 points below zero_shot",
        (Bound("affirmative_auc", "zero_shot", margin=0.02, may_equal=True),),
        ("objects", FOLDS),
    ),
    Requirement(
        "queries",
        'of the first 10 photos for "X but no o": not fewer with X and without o than zero_shot, not more '
        "with o",
        (
            Bound("wanted_at_10", "zero_shot", may_equal=True),
            Bound("violation_at_10", "zero_shot", may_equal=True, is_loss=True),
        ),
        ("objects", FOLDS),
    ),
    Requirement(
        "multiple choice, total",
        "accuracy above zero_shot and above originals",
        _against("accuracy"),
        ("mcq",),
    ),
    Requirement(
        "multiple choice, types",
        "no type of question more than 2 points below zero_shot or originals",
        _against("accuracy_*", margin=0.02, may_equal=True),
        ("mcq",),
    ),
    Requirement(
        "negated retrieval",
        "R-Neg@5 above zero_shot and above originals",
        _against("text_to_image_recall_at_5"),
        ("negated_retrieval",),
    ),
    Requirement(
        "removals, understanding",
        "true understanding above zero_shot and above originals",
        _against("true_understanding"),
        ("removal",),
    ),
    Requirement(
        "removals, indecision",
        "indecision at most 2 points above zero_shot and originals",
        _against("indecision", margin=0.02, may_equal=True, is_loss=True),
        ("removal",),
    ),
    Requirement(
        "classes kept",
        "zero-shot classes at most 1 point below zero_shot and originals",
        _against("top1", margin=0.01, may_equal=True),
        ("zero_shot",),
    ),
    Requirement(
        "retrieval kept",
        "R@1 both ways at most 1 point below zero_shot and originals",
        tuple(bound for recall in _RECALLS for bound in _against(recall, margin=0.01, may_equal=True)),
        ("retrieval",),
    ),
    Requirement(
        "sham edits",
        "sham flip rate at most 2 points above zero_shot",
        (Bound("sham_flip_rate", "zero_shot", margin=0.02, may_equal=True, is_loss=True),),
        (FOLDS,),
    ),
    Requirement(
        "placebo",
        'an edit raises "no z" of objects in neither photo by less than half of what it raises the true '
        "denial",
        (Bound("placebo_excess", CHANCE, is_loss=True),),
        (FOLDS,),
    ),
)


def judge_primary(comparison: pd.DataFrame, main_arm: str, references: Sequence[str]) -> Part:
    """Return the part on the group score: better than every reference by both tests.

    comparison: as `compare_arms` writes it. Each contrast needs Holm's p of the corrected t below
    ALPHA, a positive difference, and a bootstrap interval above zero. It fails where both intervals
    of a contrast lie below zero.
    """
    asks = (
        f"group score of {main_arm} above {', '.join(references)}: Holm-adjusted corrected t p < {ALPHA:g}"
        " and bootstrap interval above 0, each"
    )
    primary = comparison[comparison["is_primary"].astype(bool)].set_index("contrast")
    found, statuses = [], []
    for reference in references:
        contrast = f"{main_arm}-{reference}"
        if contrast not in primary.index or math.isnan(primary.loc[contrast, "holm_p"]):
            found.append(f"{contrast} has no test")
            statuses.append(NOT_MEASURED)
            continue
        row = primary.loc[contrast]
        is_above = row["difference"] > 0 and row["holm_p"] < ALPHA and row["low"] > 0
        is_below = max(row["high"], row["corrected_t_high"]) < 0
        statuses.append(HOLDS if is_above else FAILS if is_below else NOT_SHOWN)
        found.append(
            f"{contrast} {100 * row['difference']:+.1f} points, from {100 * row['low']:+.1f}, Holm p "
            f"{row['holm_p']:.3g}"
        )
    return Part("group score", asks, join_statuses(statuses), "; ".join(found))


def judge_requirement(requirement: Requirement, tables: Contrasts, main_arm: str) -> Part:
    """Return the part of a requirement, by the first of its sources that has any of its figures.

    A figure that is missing leaves the part not measured, unless another one says more.
    """
    bounds = [bound for bound in requirement.bounds if bound.reference != main_arm]
    for source in requirement.sources:
        found = [find_estimates(bound, tables.get(source), main_arm) for bound in bounds]
        if any(found):
            break
    told = [estimate for of_bound in found for estimate in of_bound]
    missing = [
        f"{bound.metric} against {bound.reference}"
        for bound, of_bound in zip(bounds, found, strict=True)
        if not of_bound
    ]
    statuses = [estimate.status for estimate in told] + [NOT_MEASURED] * len(missing)
    words = [estimate.describe() for estimate in told]
    words += [f"not measured: {', '.join(missing)}"] if missing else []
    words = words or [f"{main_arm} is what it would be held against"]
    return Part(requirement.name, requirement.asks, join_statuses(statuses), "; ".join(words))


def find_estimates(bound: Bound, contrasts: pd.DataFrame | None, main_arm: str) -> list[Estimate]:
    """Return what a table of contrasts has for a bound: an estimate a set and metric, better being higher.

    Where several models were trained the corrected t must stand beside the photos' interval, or
    there are no limits. A row without a difference is not measured, and stays; where no row has one
    the table has nothing.
    """
    if contrasts is None:
        return []
    wanted = contrasts["contrast"] == f"{main_arm}-{bound.reference}"
    if bound.metric.endswith("*"):
        wanted &= contrasts["metric"].str.startswith(bound.metric[:-1])
    else:
        wanted &= contrasts["metric"] == bound.metric
    rows, estimates = contrasts[wanted], []
    if rows["difference"].isna().all():
        return []
    for row in rows.to_dict("records"):
        lows, highs = ([row[end], row[f"corrected_t_{end}"]] for end in ("low", "high"))
        if row.get("models") == 1:
            lows, highs = lows[:1], highs[:1]
        # A missing limit must show: min() and max() pass over NaN.
        low, high = float(np.min(lows)), float(np.max(highs))
        sign, name = 1, f"{row.get('set') or ''} {row['metric']} against {bound.reference}".strip()
        if bound.is_loss:
            sign, low, high, name = -1, -high, -low, f"{name} (turned)"
        difference = sign * row["difference"]
        estimates.append(Estimate(name, difference, low, high, bound.margin, bound.may_equal))
    return estimates


def join_statuses(statuses: Sequence[str]) -> str:
    """Return the status of what consists of parts: the worst that is shown, else what is lacking."""
    order = (FAILS, NOT_SHOWN, NOT_MEASURED, HOLDS)
    return next((status for status in order if status in statuses), NOT_MEASURED)


def decide(parts: Sequence[Part]) -> dict:
    """Return `{verdict, sentence, parts, not_shown, not_measured}`, ready for JSON."""
    named = {status: [part.name for part in parts if part.status == status] for status in STATUSES}
    # Some names have a comma in them.
    listed = {status: ", ".join(f'"{name}"' for name in names) for status, names in named.items()}
    status = join_statuses([part.status for part in parts])
    told = {
        FAILS: f"fails: it fails on {listed[FAILS]}",
        NOT_SHOWN: f"is not shown to hold: no part fails, and {listed[NOT_SHOWN]} "
        f"{'is' if len(named[NOT_SHOWN]) == 1 else 'are'} not shown",
        NOT_MEASURED: "is not decided: every measured part holds",
        HOLDS: "holds: every part holds",
    }[status]
    if not named[HOLDS] and status == NOT_MEASURED:
        told = "is not decided: no part was measured"
    lacking = [f"not shown: {listed[NOT_SHOWN]}"] if status == FAILS and named[NOT_SHOWN] else []
    lacking += [f"not measured: {listed[NOT_MEASURED]}"] if named[NOT_MEASURED] else []
    more = f" ({'; '.join(lacking)})" if lacking else ""
    return {
        "verdict": NOT_DECIDED if status == NOT_MEASURED else status,
        "sentence": f"The pass rule {told}{more}.",
        "parts": [asdict(part) for part in parts],
        "not_shown": named[NOT_SHOWN],
        "not_measured": named[NOT_MEASURED],
    }
