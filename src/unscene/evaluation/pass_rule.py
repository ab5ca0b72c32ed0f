"""The pass rule: what must hold before anybody says that the main arm learned absence and forgot nothing.

It was fixed before any real photo was trained on. Each part holds, fails, or was not measured; the
verdict holds only when every part does, fails as soon as one does, and is not decided otherwise:
what nobody measured proves nothing.
"""

import math
from dataclasses import asdict, dataclass

import pandas as pd

HOLDS, FAILS, NOT_MEASURED, NOT_DECIDED = "holds", "fails", "not measured", "not decided"
ALPHA = 0.05
ROUNDING = 1e-9  # .32 - .3 is not .02 to the last bit
# The family of primary hypotheses, on the group score: main arm minus each of these.
PRIMARY = ["zero_shot", "originals", "random"]
PRIMARY_METRIC = "group_score"


@dataclass(frozen=True)
class Part:
    """One requirement: its name, what it asks in words, its status, and what was found or why nothing was."""

    name: str
    asks: str
    status: str
    found: str


def judge_primary(comparison: pd.DataFrame, main_arm: str, references: list[str]) -> Part:
    """Return the part on the group score: better than every reference by both tests.

    comparison: as `compare_arms` writes it. Each contrast needs Holm's p of the corrected t below
    ALPHA, a positive difference, and a bootstrap interval above zero.
    """
    asks = (
        f"group score of {main_arm} above {', '.join(references)}: Holm-adjusted corrected t p < {ALPHA:g}"
        " and bootstrap interval above 0, each"
    )
    primary = comparison[comparison["is_primary"].astype(bool)].set_index("contrast")
    found, held = [], []
    for reference in references:
        contrast = f"{main_arm}-{reference}"
        if contrast not in primary.index or math.isnan(primary.loc[contrast, "holm_p"]):
            return Part("group score", asks, NOT_MEASURED, f"{contrast} has no test")
        row = primary.loc[contrast]
        held.append(row["difference"] > 0 and row["holm_p"] < ALPHA and row["low"] > 0)
        found.append(
            f"{contrast} {100 * row['difference']:+.1f} points, from {100 * row['low']:+.1f}, Holm p "
            f"{row['holm_p']:.3g}"
        )
    return Part("group score", asks, HOLDS if all(held) else FAILS, "; ".join(found))


def judge_bound(
    name: str, asks: str, measured: dict[str, float | None], least: float, may_equal: bool = False
) -> Part:
    """Return a part that asks every value of `measured` (name -> value or None) to be above `least`.

    may_equal: or equal to it, as "at most two points" allows two points.
    """
    missing = [key for key, value in measured.items() if value is None or math.isnan(value)]
    found = "; ".join(f"{key} {value:+.3f}" for key, value in measured.items() if key not in missing)
    least = least - ROUNDING if may_equal else least
    failed = any(value <= least for key, value in measured.items() if key not in missing)
    if failed:
        return Part(name, asks, FAILS, found)
    if missing or not measured:
        lacks = ", ".join(missing) if missing else "everything"
        return Part(name, asks, NOT_MEASURED, "; ".join(filter(None, [found, f"not measured: {lacks}"])))
    return Part(name, asks, HOLDS, found)


def decide(parts: list[Part]) -> dict:
    """Return `{verdict, sentence, parts, not_measured}`, ready for JSON."""
    statuses = {part.status for part in parts}
    not_measured = [part.name for part in parts if part.status == NOT_MEASURED]
    failed = [part.name for part in parts if part.status == FAILS]
    if failed:
        verdict, why = FAILS, f"it fails on {', '.join(failed)}"
    elif statuses == {HOLDS}:
        verdict, why = HOLDS, "every part holds"
    else:
        verdict, why = NOT_DECIDED, "no measured part fails"
    lacking = f" (not measured: {'; '.join(not_measured)})" if not_measured else ""
    told = "is not decided" if verdict == NOT_DECIDED else verdict
    return {
        "verdict": verdict,
        "sentence": f"The pass rule {told}: {why}{lacking}.",
        "parts": [asdict(part) for part in parts],
        "not_measured": not_measured,
    }
