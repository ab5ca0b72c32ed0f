"""Where each figure of the pass rule holds, is not shown and fails: just above, at and below its cut."""

import pandas as pd
import pytest

from rule_figures import BOTH, ON_FOLDS, ON_SETS, RECALLS, turn, write_fold_row
from unscene.evaluation.pass_rule import (
    FAILS,
    HOLDS,
    NOT_MEASURED,
    NOT_SHOWN,
    PRIMARY,
    PRIMARY_METRIC,
    REQUIREMENTS,
    judge_primary,
)
from unscene.evaluation.verdict import judge_arm

# Of each figure: the part that it decides, by how much the main arm may be worse, whether just so
# much is allowed, and whether less is better.
CUTS = {
    **{f"absence {name}": ("absence on ordinary photos", 0.0, False, False) for name in (*BOTH, "chance")},
    "affirmative": ("affirmative wordings", 0.02, True, False),
    "wanted": ("queries", 0.0, True, False),
    "violation": ("queries", 0.0, True, True),
    "shams": ("sham edits", 0.02, True, True),
    "placebo": ("placebo", 0.0, False, True),
    **{f"total {name}": ("multiple choice, total", 0.0, False, False) for name in BOTH},
    **{f"type {name}": ("multiple choice, types", 0.02, True, False) for name in BOTH},
    **{f"negated {name}": ("negated retrieval", 0.0, False, False) for name in BOTH},
    **{f"understanding {name}": ("removals, understanding", 0.0, False, False) for name in BOTH},
    **{f"indecision {name}": ("removals, indecision", 0.02, True, True) for name in BOTH},
    **{f"classes {name}": ("classes kept", 0.01, True, False) for name in BOTH},
    **{f"{metric} {name}": ("retrieval kept", 0.01, True, False) for metric in RECALLS for name in BOTH},
}


@pytest.mark.parametrize("kind", ["photos", "trainings"])
@pytest.mark.parametrize("figure", CUTS)
def test_each_figure_at_its_cut(figure, kind):
    """Just above the cut it holds, across it is not shown, below it fails; either interval can say so."""
    part, margin, may_equal, is_loss = CUTS[figure]
    ends = ("low", "high") if kind == "photos" else ("corrected_t_low", "corrected_t_high")
    cases = [
        (-margin + 1e-6, 0.4, HOLDS),
        (-margin, 0.4, HOLDS if may_equal else NOT_SHOWN),
        (-margin - 1e-6, 0.4, NOT_SHOWN),
        (-margin - 0.3, -margin + 1e-6, NOT_SHOWN),
    ]
    for low, high, status in cases:
        assert judge_figure(figure, is_loss, {ends[0]: low, ends[1]: high})[part] == status, (
            low,
            high,
        )
    both = {"low": -0.3 - margin, "high": -1e-6 - margin}
    both |= {f"corrected_t_{end}": value for end, value in both.items()}
    assert judge_figure(figure, is_loss, both)[part] == FAILS
    assert judge_figure(figure, is_loss, both | {ends[1]: 0.1})[part] == NOT_SHOWN
    assert judge_figure(figure, is_loss, {ends[0]: None, ends[1]: None})[part] == NOT_MEASURED


def judge_figure(figure, is_loss, limits):
    """Return the status of every part when one figure has these limits, better being higher; every
    other part must hold.
    """
    tables = {"folds": dict(ON_FOLDS), "sets": dict(ON_SETS)}
    of_figure = tables["folds"] if figure in ON_FOLDS else tables["sets"]
    good = turn(of_figure[figure]) if is_loss else of_figure[figure]
    row = good | limits
    lacking = any(value is None for value in limits.values())
    of_figure[figure] = good | limits if not is_loss or lacking else turn(row)
    comparison, sets = (pd.DataFrame(tables[name].values()) for name in ("folds", "sets"))
    statuses = {part.name: part.status for part in judge_arm(comparison, sets, "main")}
    assert set({**statuses, CUTS[figure][0]: HOLDS}.values()) == {HOLDS}
    return statuses


def test_every_figure_of_the_rule_has_a_cut_here():
    asked = {(bound.metric.rstrip("*"), bound.reference) for part in REQUIREMENTS for bound in part.bounds}
    rows = [*ON_FOLDS.values(), *ON_SETS.values()]
    known = {
        (row["metric"], row["contrast"].partition("-")[2]) for row in rows if row["metric"] != "group_score"
    }
    assert {
        (metric.replace("accuracy_hybrid", "accuracy_"), reference) for metric, reference in known
    } == asked
    assert set(CUTS) == {name for name in (*ON_FOLDS, *ON_SETS) if not name.startswith("group")}


def test_the_primary_family_is_of_three():
    assert PRIMARY == ["zero_shot", "originals", "random"] and PRIMARY_METRIC == "group_score"


@pytest.mark.parametrize("reference", ["zero_shot", "originals", "random"])
@pytest.mark.parametrize(
    ("column", "holding", "failing"),
    [
        ("holm_p", [0.0499], [0.05, 0.0501]),
        ("low", [1e-6], [0.0, -1e-6]),
        ("difference", [1e-6], [0.0, -1e-6]),
    ],
)
def test_the_main_arm_is_above_each_of_the_three_by_both_tests(reference, column, holding, failing):
    for values, status in ((holding, HOLDS), (failing, NOT_SHOWN)):
        for value in values:
            rows = ON_FOLDS | {f"group {reference}": ON_FOLDS[f"group {reference}"] | {column: value}}
            assert judge_primary(pd.DataFrame(rows.values()), "main", PRIMARY).status == status, value


def test_the_group_score_fails_where_both_intervals_lie_below():
    row = write_fold_row("group_score", "random")
    for changes, status in (
        (turn(row), FAILS),
        (turn(row) | {"high": 0.1}, NOT_SHOWN),
        (turn(row) | {"corrected_t_high": 0.1}, NOT_SHOWN),
        (row | {"holm_p": None}, NOT_MEASURED),
    ):
        rows = ON_FOLDS | {"group random": changes}
        assert judge_primary(pd.DataFrame(rows.values()), "main", PRIMARY).status == status
    lacking = {name: row for name, row in ON_FOLDS.items() if name != "group random"}
    part = judge_primary(pd.DataFrame(lacking.values()), "main", PRIMARY)
    assert part.status == NOT_MEASURED and "main-random has no test" in part.found
