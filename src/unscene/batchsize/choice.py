"""The choice of the batch-size study: a verdict on each size, the largest accurate one, and the
cheapest sensible one.
"""

import math

import numpy as np
import pandas as pd

from unscene.batchsize.noninferiority import count_captions_needed, count_prompts_needed

DETECTED_AT_MOST = 0.01  # share of prompts with a structural error that production sees and pays for again
CHEAP_STEP_USD = 5.0  # a step to larger prompts that saves less is not worth its risk
HARM_OF_SHIFT = 0.5  # share of a shifted prompt's captions that are wrong: it starts anywhere


def judge_sizes(trials: pd.DataFrame, margin: float) -> pd.DataFrame:
    """Return the trials of sizes above 1 in rising order with `verdict` and `reason`: a fixed
    sequence that stops at the first not passed.

    verdict: passed, failed, not decided (too few prompts to rule out rare shifts, or nothing to
    compare), or not tested (after the stop). The sequence needs no correction for the number of
    sizes (Maurer, Hothorn & Lehmacher 1995).
    """
    larger = trials[trials["captions_per_prompt"] > 1]
    judged = larger.sort_values("captions_per_prompt").reset_index(drop=True)
    verdicts, stopped = [], False
    for row in judged.to_dict("records"):
        verdict, reason = judge_size(row, margin)
        if stopped:
            verdict, reason = "not tested", f"after the stop; alone it would be {verdict}: {reason}"
        stopped |= verdict != "passed"
        verdicts.append((verdict, reason))
    return judged.assign(verdict=[v for v, _ in verdicts], reason=[r for _, r in verdicts])


def judge_size(row: dict, margin: float) -> tuple[str, str]:
    """Return verdict and reason of one size by its measures: accuracy, structural errors seen and
    not seen, position.
    """
    points = 100 * margin
    if math.isnan(row["low"]):
        return "not decided", "nothing to compare"
    if not row["low"] > -margin:
        return (
            "failed",
            f"accuracy may be {-100 * row['low']:.2f} points lower (95 %), above the margin of {points:g}",
        )
    if row["detected_rate"] > DETECTED_AT_MOST:
        return "failed", f"{row['detected_rate']:.1%} of the prompts have a wrong form"
    if row["position_low"] > margin:
        return (
            "failed",
            (
                f"the last tenth of a prompt is {100 * row['position_difference']:.1f} points worse than the"
                " first"
            ),
        )
    needed = count_prompts_needed(margin)
    unseen = row["shift_upper"] * HARM_OF_SHIFT
    if unseen > margin / 2:
        if row["shifts"]:
            return (
                "failed",
                (
                    f"{row['shifts']} of {row['prompts']} prompts have shifted answers: they may cost"
                    f" {100 * unseen:.2f} points (95 %)"
                ),
            )
        return "not decided", f"{row['prompts']} prompts do not rule out rare shifts; {needed} are needed"
    if row["captions"] < needed:
        return "not decided", f"{row['captions']} captions do not rule out rare losses; {needed} are needed"
    return "passed", f"accuracy is at most {max(0.0, -100 * row['low']):.2f} points lower (95 %)"


def choose(trials: pd.DataFrame, judged: pd.DataFrame, margin: float) -> dict:
    """Return the choice: `captions_per_prompt`, the largest accurate n, and `cheapest_sensible`,
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
    decisive = (stop if len(stop) else judged.tail(1))["discordance"].iloc[0]
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
        "captions_for_power_90": count_captions_needed(decisive, margin) if decisive > 0 else None,
        "discordance": None if np.isnan(decisive) else float(decisive),
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
    return sizes[-1], "it is the largest accurate one" if len(sizes) > 1 else "no larger size passed"


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
