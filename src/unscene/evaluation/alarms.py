"""Alarms: what a run's own figures say against its gain; one entry an alarm in `ALARMS`.

A model can gain on edited pairs by the mark that an edit leaves, and never learn what is missing.
Such a shortcut is told by what an edit does where it should do nothing: to objects that are in
neither photo or still in both, where the hole lies elsewhere, where the true picture stands in place
of the edit. Each alarm puts a gain where none should be beside the gain that is claimed.

An alarm is raised by what is *shown*: the lower limit of a difference from the untuned model, by the
cluster bootstrap of `metrics/comparison.csv`, lies above the alarm's threshold. So a small run, whose
intervals are wide, seldom raises one for its noise. And an alarm questions a gain: without a group score
above the untuned model's (lower limit above 0) there is nothing to question. Of few photo groups the
bootstrap's limits are too narrow: with two a fold they end above a threshold that is just met in 11
to 23 %, not in 2.5. Below FEWEST_GROUPS and FEWEST_OF_PART an alarm is not decided.

The thresholds are shares of what is claimed. **One half** for fills and true pictures, which have
nothing to do with the object: above it the mark explains more of the gain than the removal.
**UNSPECIFIC** for denials of other objects: an edit truly empties its picture, and an emptier
picture is nearer to every denial. On honest drawn removals up to .78 and .76 of the true denial's
rise were there for absent and for kept objects, where nothing was removed .91 to 1.04. **Ten points**
for the wording: paired arms on honest edits lost 1 to 10, without true negations 15 to 20. The arm
`absence` loses 10 in the study; with the recipe before it lost 14.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from unscene.evaluation.pass_rule import PRIMARY_METRIC, ROUNDING, UNTUNED

WORDING_MARGIN = 0.1
# From this share of a denial's rise on, what rises as well for other objects is called unspecific
# (docs/EVALUATION.md has the figures).
UNSPECIFIC = 0.85
# From here on a symmetric figure at its threshold is above it in 5 % at most, promised are 2.5 (skewed
# ones in up to 10); docs/EVALUATION.md has the table.
FEWEST_GROUPS, FEWEST_OF_PART = 20, 5
SURPLUSES = {"placebo_surplus": "placebo_shift", "kept_surplus": "kept_shift"}


@dataclass(frozen=True)
class Figures:
    """What alarms read: the main arm, its contrasts (`compare_arms`), and the arms' means."""

    main_arm: str
    comparison: pd.DataFrame
    summary: pd.DataFrame

    def find(self, metric: str) -> pd.Series | None:
        """Return the row of the main arm's contrast with the untuned model on a metric; None where
        nothing was measured.
        """
        rows = self._take(metric).dropna(subset="low")
        return None if rows.empty else rows.iloc[0]

    def has_few(self, metric: str) -> bool:
        """Tell whether a metric was measured on too few photo groups for its limits to mean anything."""
        rows = self._take(metric)
        if rows.empty:
            return False
        groups, parts = rows[["groups", "folds"]].iloc[0]
        return bool(groups < max(FEWEST_GROUPS, FEWEST_OF_PART * parts))

    def lacks(self, metric: str) -> bool:
        """Tell whether a metric was not measured."""
        return self._take(metric).empty

    def _take(self, metric: str) -> pd.DataFrame:
        return self.comparison[
            (self.comparison["contrast"] == f"{self.main_arm}-{UNTUNED}")
            & (self.comparison["metric"] == metric)
        ].dropna(subset="difference")


@dataclass(frozen=True)
class Alarm:
    """An alarm: its name, its condition in words, what tells it of a run's figures (a sentence, or
    None), and the metric whose lower limit decides it. Without a metric it questions no gain.
    """

    name: str
    asks: str
    find: Callable[[Figures], str | None]
    metric: str = ""


def list_alarms(main_arm: str, comparison: pd.DataFrame, summary: pd.DataFrame) -> list[dict[str, str]]:
    """Return `name sentence` of every alarm that a run raises, in the order of ALARMS, ready for JSON."""
    figures = Figures(main_arm, comparison, summary)
    undecided = list_undecided(figures)
    found = (
        (alarm.name, alarm.find(figures))
        for alarm in ALARMS
        if not alarm.metric or (_has_gain(figures) and alarm.name not in undecided)
    )
    return [{"name": name, "sentence": sentence} for name, sentence in found if sentence]


def list_undecided(figures: Figures) -> list[str]:
    """Return the names of the alarms that cannot be decided: they, or the gain that they question, were
    measured on too few photo groups.
    """
    if figures.has_few(PRIMARY_METRIC):
        return [alarm.name for alarm in ALARMS if alarm.metric and not figures.lacks(alarm.metric)]
    if not _has_gain(figures):
        return []
    return [alarm.name for alarm in ALARMS if alarm.metric and figures.has_few(alarm.metric)]


def _has_gain(figures: Figures) -> bool:
    gain = figures.find(PRIMARY_METRIC)
    return gain is not None and gain["low"] > ROUNDING


def add_surpluses(value: pd.DataFrame) -> pd.DataFrame:
    """Return values of tested pairs with SURPLUSES: a shift less UNSPECIFIC of the true denial's."""
    surplus = {name: value[shift] - UNSPECIFIC * value["denial_shift"] for name, shift in SURPLUSES.items()}
    return value.assign(**surplus)


def _exceeds(excess: str, shift: str, claimed: str, what: str) -> Callable[[Figures], str | None]:
    """Return the function of an alarm that is raised when `excess` (`shift` less a share of `claimed`)
    is shown to be above 0.
    """

    def find(figures: Figures) -> str | None:
        found, rise, gain = (figures.find(metric) for metric in (excess, shift, claimed))
        if found is None or rise is None or gain is None or found["low"] <= ROUNDING:
            return None
        return (
            f"{what}: {rise['difference']:+.3f}, where what is claimed rose by {gain['difference']:+.3f}"
            f" (rise less the share allowed from {found['low']:+.3f}, n = {int(found['n'])})."
        )

    return find


def _find_shortfall(figures: Figures) -> str | None:
    """Tell of a gain that true pictures do not show."""
    found, true, gain = (
        figures.find(metric) for metric in ("true_shortfall", "group_score_true", PRIMARY_METRIC)
    )
    if found is None or true is None or gain is None or found["low"] <= ROUNDING:
        return None
    return (
        "The gain is one on edits alone: with true pictures in their place the group score rose by "
        f"{100 * true['difference']:+.1f} points, with edits by {100 * gain['difference']:+.1f} (half of "
        f"that less the former from {100 * found['low']:+.1f}, n = {int(found['n'])})."
    )


def _find_wording(figures: Figures) -> str | None:
    """Tell of a denial that turns a caption away from its photo, though it is true."""
    found = figures.find("wording_loss")
    if found is None or found["low"] <= WORDING_MARGIN + ROUNDING:
        return None
    return (
        "A denial is taken for an edit by its words: captions with a true denial of something else lost "
        f"their photos to edits in {100 * found['difference']:+.1f} points more than without it (from "
        f"{100 * found['low']:+.1f}, n = {int(found['n'])})."
    )


def _find_denials_of_edits_alone(figures: Figures) -> str | None:
    """Tell of a training that showed denials beside edits only."""
    rows = figures.summary[
        (figures.summary["arm"] == figures.main_arm) & (figures.summary["metric"] == "true_negation_share")
    ]
    if rows.empty or rows["mean"].iloc[0] != 0:
        return None
    return (
        f"{figures.main_arm} was trained with train.true_negations: 0: no original ever had a true denial, "
        "so that denying words alone tell an edit's caption."
    )


ALARMS = (
    Alarm(
        "placebo",
        f"Denials of objects that are in neither photo rise by more than {UNSPECIFIC:g} of the true one.",
        _exceeds(
            "placebo_surplus",
            "placebo_shift",
            "denial_shift",
            'An edit is taken for a denial of anything: "a photo with no z" rose for z in neither photo',
        ),
        "placebo_surplus",
    ),
    Alarm(
        "kept objects",
        f"Denials of objects that are still in both photos rise by more than {UNSPECIFIC:g} of the true one.",
        _exceeds(
            "kept_surplus",
            "kept_shift",
            "denial_shift",
            'An edit is taken for a denial of what it kept: "a photo with no z" rose for z still in both',
        ),
        "kept_surplus",
    ),
    Alarm(
        "sham edits",
        "Sham edits, which lack nothing, pull towards the denial by more than half as much as edits.",
        _exceeds(
            "sham_excess",
            "sham_pull",
            "edit_pull",
            "A hole anywhere is taken for the object's absence: the pull of sham edits rose",
        ),
        "sham_excess",
    ),
    Alarm(
        "carried fills",
        "What edits hold in their holes pulls towards the denial by more than half as much where it "
        "is put beside the object, which stays.",
        _exceeds(
            "carried_excess",
            "carried_pull",
            "edit_pull",
            "The edits' fills are taken for the object's absence: their pull beside the object rose",
        ),
        "carried_excess",
    ),
    Alarm(
        "true pictures",
        "Of the gain in group score less than half is left with true pictures in place of edits.",
        _find_shortfall,
        "true_shortfall",
    ),
    Alarm(
        "wording",
        "True denials of something else turn captions away from their photos, in 10 points more of them.",
        _find_wording,
        "wording_loss",
    ),
    Alarm(
        "denials of edits alone",
        "The main arm was trained with denials in captions of edits and in no others.",
        _find_denials_of_edits_alone,
    ),
)
