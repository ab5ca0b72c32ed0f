"""The choice of the batch-size study: a verdict on each size, the largest accurate one, and the
cheapest sensible one.
"""

import math

import numpy as np
import pandas as pd

from unscene.batchsize.noninferiority import get_lower_bound
from unscene.batchsize.sample_sizes import (
    MARGINS_OF_DECLINE,
    count_captions_needed,
    count_prompts_needed,
)

DETECTED_AT_MOST = 0.01  # share of prompts with a structural error that production sees and pays for again
UNSERVED_AT_MOST = 0.05  # share of prompts without an answer, which may not be missing by chance
HARM_OF_SHIFT = 0.5  # share of a shifted prompt's captions that are wrong: it starts anywhere
CHEAP_STEP_USD = 5.0  # a step to larger prompts that saves less is not worth its risk


def judge_sizes(trials: pd.DataFrame, margin: float, measure: str = "accuracy") -> pd.DataFrame:
    """Return the trials of sizes above 1 in rising order with `verdict` and `reason`: a fixed
    sequence that stops at the first not passed.

    verdict: passed; failed (a loss above the margin is shown); not decided (neither is shown, or
    there is nothing to compare); or not tested (after the stop). The sequence needs no correction
    for the number of sizes (Maurer, Hothorn & Lehmacher 1995). measure: the name of what the share
    of exact captions is.
    """
    larger = trials[trials["captions_per_prompt"] > 1]
    judged = larger.sort_values("captions_per_prompt").reset_index(drop=True)
    bars = trials.loc[trials["captions_per_prompt"] == 1, "models"]
    verdicts, stopped = [], False
    for row in judged.to_dict("records"):
        verdict, reason = judge_size(row, margin, measure)
        others = sorted({*bars, row["models"]} - {""})
        if verdict == "passed" and len(others) > 1:
            verdict, reason = "not decided", f"n = 1 and this size were not answered by one model: {others}"
        if stopped:
            verdict, reason = "not tested", f"after the stop; alone it would be {verdict}: {reason}"
        stopped |= verdict != "passed"
        verdicts.append((verdict, reason))
    return judged.assign(verdict=[v for v, _ in verdicts], reason=[r for _, r in verdicts])


def judge_size(row: dict, margin: float, measure: str = "accuracy") -> tuple[str, str]:
    """Return verdict and reason of one size by its measures. What is shown to be too bad fails; of
    the rest, whatever is not shown to be good enough leaves the size undecided.
    """
    if math.isnan(row["low"]):
        return "not decided", "nothing to compare"
    gates = (_judge_loss, _judge_form, _judge_decline, _judge_shifts, _judge_numbers)
    found = [verdict for gate in gates if (verdict := gate(row, margin, measure))]
    for name in ("failed", "not decided"):
        for verdict, reason in found:
            if verdict == name:
                return verdict, reason
    return "passed", f"{measure} is at most {max(0.0, -100 * row['low']):.2f} points lower (95 %)"


def _judge_loss(row: dict, margin: float, measure: str) -> tuple[str, str] | None:
    if row["high"] < -margin:
        return (
            "failed",
            f"{measure} is at least {-100 * row['high']:.2f} points lower (95 %), above the margin of"
            f" {100 * margin:g}",
        )
    if not row["low"] > -margin:
        return (
            "not decided",
            f"{measure} may be {-100 * row['low']:.2f} points lower (95 %), above the margin of"
            f" {100 * margin:g}; an equally good size would pass with a power of {100 * row['power']:.0f} %",
        )
    return None


def _judge_form(row: dict, margin: float, measure: str) -> tuple[str, str] | None:
    if row["detected_rate"] > DETECTED_AT_MOST:
        least = get_lower_bound(row["detected_errors"], row["prompts"])
        told = f"{100 * row['detected_rate']:.1f} % of the prompts have a wrong form"
        if least > DETECTED_AT_MOST:
            return "failed", f"{told}, at least {100 * least:.1f} % (95 %)"
        return "not decided", f"{told}, above {100 * DETECTED_AT_MOST:g}"
    share = row["unserved"] / max(row["unserved"] + row["prompts"], 1)
    if share > UNSERVED_AT_MOST:
        return "not decided", f"{100 * share:.0f} % of the prompts have no answer"
    return None


def _judge_decline(row: dict, margin: float, measure: str) -> tuple[str, str] | None:
    most = MARGINS_OF_DECLINE * margin
    if row["decline_low"] > most:
        return (
            "failed",
            f"from the first place to the last {measure} declines by at least"
            f" {100 * row['decline_low']:.2f} points (95 %), above {100 * most:g}",
        )
    if not row["decline_high"] <= most:
        return (
            "not decided",
            f"from the first place to the last {measure} may decline by {100 * row['decline_high']:.2f}"
            f" points (95 %), above {100 * most:g}; a size without decline would pass with a power of"
            f" {100 * row['decline_power']:.0f} %",
        )
    return None


def _judge_shifts(row: dict, margin: float, measure: str) -> tuple[str, str] | None:
    unseen = row["shift_upper"] * HARM_OF_SHIFT
    if unseen <= margin / 2:
        return None
    found = f"{row['shifts']} of {row['prompts']} prompts have shifted answers"
    least = get_lower_bound(row["shifts"], row["prompts"]) * HARM_OF_SHIFT
    if least > margin / 2:
        return "failed", f"{found}: they cost at least {100 * least:.2f} points (95 %)"
    if row["shifts"]:
        return "not decided", f"{found}: they may cost {100 * unseen:.2f} points (95 %)"
    if not row["shift_sensitivity"] > 0:
        return "not decided", "no shift could be seen in these answers: neighbours name the same words"
    needed = count_prompts_needed(margin, row["shift_sensitivity"])
    return (
        "not decided",
        f"{row['prompts']} prompts do not rule out rare shifts, of which"
        f" {100 * row['shift_sensitivity']:.0f} % are found; {needed} are needed",
    )


def _judge_numbers(row: dict, margin: float, measure: str) -> tuple[str, str] | None:
    needed = count_prompts_needed(margin)
    if row["captions"] < needed:
        return "not decided", f"{row['captions']} captions do not rule out rare losses; {needed} are needed"
    return None


def choose(trials: pd.DataFrame, judged: pd.DataFrame, margin: float) -> dict:
    """Return the choice: `captions_per_prompt`, the largest n that passed, and `cheapest_sensible`,
    each with its reason.

    trials: the measures of all trials, n = 1 and its repeat included, with `usd` of the run's
    captions at each n.
    """
    passed = judged[judged["verdict"] == "passed"]
    stop = judged[judged["verdict"] != "passed"].head(1)
    largest = int(passed["captions_per_prompt"].max()) if len(passed) else 1
    if stop.empty:
        reason = f"every size up to {largest} passed"
    else:
        first = stop.iloc[0]
        reason = f"{first['captions_per_prompt']} {first['verdict']}: {first['reason']}"
    # The repeat has the size of n = 1.
    costs = dict(zip(trials["captions_per_prompt"], trials["usd"], strict=True))
    sizes = [1, *passed["captions_per_prompt"].astype(int)]
    cheapest, cheap_reason = _find_cheapest(sizes, costs)
    decisive = (stop if len(stop) else judged.tail(1)).iloc[0]
    discordance, permutations = decisive["discordance"], int(decisive["permutations"])
    return {
        "captions_per_prompt": largest,
        "reason": reason,
        "cheapest_sensible": cheapest,
        "cheapest_reason": cheap_reason,
        "margin": margin,
        "verdicts": [
            {key: row[key] for key in ("captions_per_prompt", "verdict", "reason")}
            for row in judged.to_dict("records")
        ],
        "captions_for_power_90": (
            count_captions_needed(discordance, margin, permutations) if discordance > 0 else None
        ),
        "discordance": None if np.isnan(discordance) else float(discordance),
    }


def _find_cheapest(sizes: list[int], costs: dict[int, float]) -> tuple[int, str]:
    for size, larger in zip(sizes, sizes[1:], strict=False):
        saved = costs[size] - costs[larger]
        if np.isnan(saved):
            return sizes[-1], "the model has no price, so no step can be weighed"
        if saved < CHEAP_STEP_USD:
            return (
                size,
                f"going on to {larger} saves ${saved:.2f} on this run, less than ${CHEAP_STEP_USD:.0f}",
            )
    return sizes[-1], "it is the largest that passed" if len(sizes) > 1 else "no larger size passed"


def measure_noise(trials: pd.DataFrame, discordance: float, captions: int) -> dict:
    """Return the noise floor: how far n = 1 asked twice disagrees with itself.

    discordance: share of captions with two different answers. floor: 1.96 sqrt(discordance /
    captions), the half-width of what two equal trials may differ by; `inside` names the sizes whose
    loss is within it.
    """
    floor = 1.96 * math.sqrt(discordance / captions) if captions else math.nan
    inside = trials.loc[-trials["difference"] <= floor, "captions_per_prompt"]
    return {
        "discordance": discordance,
        "floor": floor,
        "inside": sorted({int(n) for n in inside if n > 1}),
    }
