"""Alarms: what a run's own figures say against its gain; one entry an alarm in `ALARMS`.

A model can gain on edited pairs by the mark that an edit leaves, and never learn what is missing.
Such a shortcut is told by what an edit does where it should do nothing: to objects that are in
neither photo or still in both, where the hole lies elsewhere, where the true picture stands in place
of the edit. Each alarm puts a gain where none should be beside the gain that is claimed.

**The threshold of all is one half**: an alarm is raised when at least half of the claimed gain is
shown to be there without its reason, that is, when the lower limit of (gain where none should be -
half the claimed gain) lies above 0, both against the untuned model. Below one half the removal
explains more of the gain than the mark does, and that an honest edit leaves some mark is known: an
emptier picture is nearer to every denial. The interval is the cluster bootstrap of
`metrics/comparison.csv`, so a small run, whose intervals are wide, raises none for its noise. And an
alarm questions a gain: without a group score above the untuned model's (lower limit above 0) there
is nothing to question.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from unscene.evaluation.pass_rule import PRIMARY_METRIC

UNTUNED = "zero_shot"


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
        rows = self.comparison[
            (self.comparison["contrast"] == f"{self.main_arm}-{UNTUNED}")
            & (self.comparison["metric"] == metric)
        ].dropna(subset=["difference", "low"])
        return None if rows.empty else rows.iloc[0]


@dataclass(frozen=True)
class Alarm:
    """An alarm: its name, its condition in words, and what tells it of a run's figures (a sentence,
    or None).
    """

    name: str
    asks: str
    find: Callable[[Figures], str | None]


def list_alarms(main_arm: str, comparison: pd.DataFrame, summary: pd.DataFrame) -> list[dict[str, str]]:
    """Return `name sentence` of every alarm that a run raises, in the order of ALARMS, ready for JSON."""
    figures = Figures(main_arm, comparison, summary)
    gain = figures.find(PRIMARY_METRIC)
    if gain is None or gain["low"] <= 0:
        return []
    found = ((alarm.name, alarm.find(figures)) for alarm in ALARMS)
    return [{"name": name, "sentence": sentence} for name, sentence in found if sentence]


def _exceeds(excess: str, shift: str, claimed: str, what: str) -> Callable[[Figures], str | None]:
    """Return the function of an alarm that is raised when `excess` (`shift` less half of `claimed`)
    is shown to be above 0.
    """

    def find(figures: Figures) -> str | None:
        found, rise, gain = (figures.find(metric) for metric in (excess, shift, claimed))
        if found is None or rise is None or gain is None or found["low"] <= 0:
            return None
        return (
            f"{what}: {rise['difference']:+.3f}, where what is claimed rose by {gain['difference']:+.3f}"
            f" (rise less half of that from {found['low']:+.3f}, n = {int(found['n'])})."
        )

    return find


def _find_shortfall(figures: Figures) -> str | None:
    """Tell of a gain that true pictures do not show."""
    found, true, gain = (
        figures.find(metric) for metric in ("true_shortfall", "group_score_true", PRIMARY_METRIC)
    )
    if found is None or true is None or gain is None or found["low"] <= 0:
        return None
    return (
        "The gain is one on edits alone: with true pictures in their place the group score rose by "
        f"{100 * true['difference']:+.1f} points, with edits by {100 * gain['difference']:+.1f} (half of "
        f"that less the former from {100 * found['low']:+.1f}, n = {int(found['n'])})."
    )


ALARMS = (
    Alarm(
        "placebo",
        "Denials of objects that are in neither photo rise by more than half as much as the true one.",
        _exceeds(
            "placebo_excess",
            "placebo_shift",
            "denial_shift",
            'An edit is taken for a denial of anything: "a photo with no z" rose for z in neither photo',
        ),
    ),
    Alarm(
        "kept objects",
        "Denials of objects that are still in both photos rise by more than half as much as the true one.",
        _exceeds(
            "kept_excess",
            "kept_shift",
            "denial_shift",
            'An edit is taken for a denial of what it kept: "a photo with no z" rose for z still in both',
        ),
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
    ),
    Alarm(
        "true pictures",
        "Of the gain in group score less than half is left with true pictures in place of edits.",
        _find_shortfall,
    ),
)
