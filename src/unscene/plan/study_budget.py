"""Which batch-size study a sum of money buys: the number of captions and of orders with the most power."""

import copy
import math
from collections.abc import Callable

from unscene.plan.text_costs import estimate_prompts, estimate_study, make_askers
from unscene.words.word_lists import find_vocabulary

# In more orders than these a study asks so few captions that each of them weighs too much.
MOST_PERMUTATIONS = 40
STEP = 50  # numbers of captions that people remember
RESERVE_USD = 0.2  # what a run's answers may cost more than expected
# The studies of docs/COSTS.md: dollars of the whole run, and sizes.
LARGER_USD = 25
LARGER_SIZES = ([20], [20, 50, 100])
DISCORDANCES = (0.04, 0.10)


def make_estimator(course: dict, prices: dict, assumed: dict, captions: int) -> Callable[[dict], dict]:
    """Return a function from keys of the config block `batchsize` to the plan's cost and power of
    the study; a key `discordance` replaces the assumed one.
    """
    ask_words, _ = make_askers(course["api"]["model"], assumed, find_vocabulary(course))

    def estimate_trial(make_request, items, size, tokens):
        return estimate_prompts(make_request, items, size, tokens, prices, assumed, course["api"])

    def estimate(keys: dict) -> dict:
        mine = copy.deepcopy(assumed)
        mine["shares"]["discordance"]["value"] = keys.get(
            "discordance", assumed["shares"]["discordance"]["value"]
        )
        settings = {**course, "batchsize": {**course["batchsize"], **keys}}
        return estimate_study(settings, captions, estimate_trial, ask_words, mine)

    return estimate


def find_design(sizes: list[int], usd: float, captions: int, estimate: Callable[[dict], dict]) -> dict | None:
    """Return `{captions, sizes, permutations}` of the study with the most power among those that
    cost at most `usd` and rule out rare shifts at every size; None where there is none.

    captions: those of the run. estimate: see `make_estimator`.
    """
    best, most = None, 0.0
    for permutations in range(1, MOST_PERMUTATIONS + 1):
        design = {"captions": captions, "sizes": sizes, "permutations": permutations}
        # The cost grows evenly with the captions, but for last prompts that are not full.
        number = min(captions, math.ceil(captions * usd / estimate(design)["usd"])) // STEP * STEP
        study = estimate(design | {"captions": number})
        while number and study["usd"] > usd:
            number -= STEP
            study = estimate(design | {"captions": number})
        if not number or any(
            study["prompts"][name] < one["prompts_needed"] for name, one in study["sizes"].items()
        ):
            continue
        if get_joint_power(study) > most:
            best, most = design | {"captions": number}, get_joint_power(study)
    return best


def get_joint_power(study: dict) -> float:
    """Return the chance that all sizes pass when all are as good as n = 1, as if they were
    independent; they share the answers at n = 1, so it is a little more.
    """
    return math.prod(one["power"] for one in study["sizes"].values())


def tabulate_studies(course: dict, prices: dict, assumed: dict, captions: int, others_usd: float) -> str:
    """Return what the course run's study can decide, and what a larger sum would buy, as a Markdown
    table. others_usd: dollars of the run's other text.
    """
    estimate = make_estimator(course, prices, assumed, captions)
    keys = ("captions", "sizes", "permutations")
    designs = [(course["api"]["budget_usd"], {key: course["batchsize"][key] for key in keys})]
    for sizes in LARGER_SIZES:
        design = find_design(sizes, LARGER_USD - others_usd - RESERVE_USD, captions, estimate)
        if design:
            designs.append((LARGER_USD, design))
    heads = [f"power, {100 * share:g} % differ" for share in DISCORDANCES]
    heads += [f"loss told, {100 * share:g} % differ" for share in DISCORDANCES]
    lines = ["| whole run | sizes | captions, orders | study | " + " | ".join(heads) + " |", "|---" * 8 + "|"]
    for budget, design in designs:
        studies = [estimate(design | {"discordance": share}) for share in DISCORDANCES]
        lines.append(
            f"| ${budget} | {', '.join(map(str, design['sizes']))} | {design['captions']:,},"
            f" {design['permutations']} | ${studies[0]['usd']:.2f} | "
            + " | ".join(_name_power(get_joint_power(study)) for study in studies)
            + " | "
            + " | ".join(
                f"{100 * max(one['detectable'] for one in study['sizes'].values()):.1f} points"
                for study in studies
            )
            + " |"
        )
    return "\n".join(lines)


def _name_power(power: float) -> str:
    return "over 99 %" if power > 0.99 else f"{100 * power:.0f} %"
