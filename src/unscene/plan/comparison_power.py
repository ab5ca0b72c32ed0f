"""Which difference of two arms the configured folds and repeats find, before anything is trained."""

import math
from statistics import NormalDist

from unscene.evaluation.pass_rule import ALPHA, PRIMARY, REQUIREMENTS
from unscene.evaluation.statistics import NO_FOOTING, check_footing, get_detectable
from unscene.run.counts import tell_count

POWER = 0.8
# By figure: what it is called, what its items are (a key of count_items), and the error probability
# that its test may take. The group score's hardest step of Holm's has a share of ALPHA.
FIGURES = {
    "group_score": ("group score, against each of its references", "pairs", ALPHA / len(PRIMARY)),
    "absence_auc": ("absence AUC on untouched photos", "photos", ALPHA),
    "recall_at_1": ("recall at 1 on untouched photos", "photos", ALPHA),
}
# Of the part of the pass rule that asks both recalls at 1 to be kept.
MARGIN = next(part.bounds[0].margin for part in REQUIREMENTS if part.name == "retrieval kept")


def estimate_comparison(settings: dict, assumed: dict, count: dict) -> dict:
    """Return what the corrected t over folds and repeats finds with probability POWER.

    `folds`, `repeats` (training seeds, each with a split of its own), `test_to_train`, and of each
    of FIGURES the `items` that a fold tests, the `spread` of the difference over trainings, what of
    it was `guessed` (as list_guesses tells), and the `detectable` difference by number of repeats: as
    configured, and one and two more; None where the corrected t has no footing. And
    `photos_for_margin`: how many photos of a set show that a recall which is kept is kept within
    MARGIN, by the interval of its photos. assumed: its `spreads`. count: as count_items returns it.
    """
    folds, repeats = settings["folds"]["folds"], len(settings["train"]["seeds"])
    ratio = find_test_to_train(settings)
    spreads = {name: entry["value"] for name, entry in assumed["spreads"].items()}
    figures = {}
    for name, (_, kind, alpha) in FIGURES.items():
        items = count[kind] / folds
        if kind == "photos":
            items = min(items, settings["evaluate"]["max_photos"])
        spread = math.hypot(spreads[name] / math.sqrt(max(items, 1)), find_training(spreads, name))
        figures[name] = {
            "items": round(items),
            "spread": round(spread, 5),
            "guessed": list_guesses(assumed, name),
            "detectable": {
                str(number): None
                if math.isnan(check_footing(ratio))
                else round(get_detectable(spread, folds * number, ratio, alpha, POWER), 5)
                for number in range(repeats, repeats + 3)
            },
        }
    return {
        "folds": folds,
        "repeats": repeats,
        "test_to_train": round(ratio, 4),
        "power": POWER,
        "figures": figures,
        "photos_for_margin": count_photos_needed(spreads["recall_at_1"], MARGIN),
    }


def find_test_to_train(settings: dict) -> float:
    """Return photo groups tested by photo groups trained on, of that arm of the comparison which trains on
    the fewest: the inner validation is left out, and an arm may take a `fraction` of the rest.
    """
    train, others = settings["train"], settings["folds"]["folds"] - 1
    compared = (settings["deploy"]["arm"], *PRIMARY)
    least = min(train["arms"].get(name, {}).get("fraction", 1) for name in compared)
    return 1 / (others * (1 - train["inner_share"]) * least)


def find_training(spreads: dict[str, float], name: str) -> float:
    """Return how far trainings are assumed to spread a figure: its own, where that was measured."""
    return spreads.get(f"training_{name}", spreads["training"])


def list_guesses(assumed: dict, name: str) -> list[str]:
    """Return which spreads of a figure nobody measured: of `items`, of `trainings`, or neither."""
    spreads = assumed["spreads"]
    behind = {"items": spreads[name], "trainings": spreads.get(f"training_{name}", spreads["training"])}
    return [of for of, entry in behind.items() if entry["kind"] == "assumed"]


def count_photos_needed(spread: float, margin: float) -> int:
    """Return how many photos it takes until the interval of a true difference of 0 ends above
    -margin with probability POWER. spread: standard deviation of the difference on one photo.
    """
    normal = NormalDist()
    return math.ceil(((normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(POWER)) * spread / margin) ** 2)


def tell_difference(name: str, share: float | None) -> str:
    """Return a detectable difference of one of FIGURES in points, or that there is none: each of them
    lies between 0 and 1, so a difference of 1 and more is one that it cannot have.
    """
    if share is None:
        return f"cannot be tested: {NO_FOOTING}"
    return f"{100 * share:.1f} points" if share < 1 else f"cannot be shown with so few {FIGURES[name][1]}"


def describe_comparison(comparison: dict) -> list[str]:
    """Return the lines of the plan: what is found as configured, and what a repeat more buys."""
    folds, repeats = comparison["folds"], comparison["repeats"]
    lines = [
        f"  {folds * repeats} trainings an arm, {folds} folds in {tell_count(repeats, 'split')}; what the"
        f" corrected t finds with a power of {comparison['power']:g}:"
    ]
    for name, figure in comparison["figures"].items():
        now, *more = figure["detectable"].values()
        # What a repeat more finds, where that is anything.
        found = [
            f", with {repeats} {tell_difference(name, share)}"
            for repeats, share in zip(("one repeat more", "two"), more, strict=True)
            if share is not None and share < 1
        ]
        lines.append(
            f"  {FIGURES[name][0]}: {tell_difference(name, now)}{''.join(found)}"
            f" ({tell_count(figure['items'], FIGURES[name][1].removesuffix('s'))} a fold,"
            f" spread {100 * figure['spread']:.1f}{_tell_guesses(figure['guessed'])})"
        )
    return [
        *lines,
        "  A repeat is another training seed with a split of its own; it re-trains nothing that exists.",
        f"  That a recall at 1 is kept within {100 * MARGIN:g} point(s) is shown by a set of"
        f" {comparison['photos_for_margin']:,} photos.",
    ]


def _tell_guesses(guessed: list[str]) -> str:
    return f", a guess of {' and '.join(guessed)}" if guessed else ""
