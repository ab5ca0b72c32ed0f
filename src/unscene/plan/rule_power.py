"""How much better the main arm must be for each part of the pass rule to hold, before anything is trained."""

import math
from dataclasses import dataclass

from scipy import stats

from unscene.evaluation.pass_rule import ALPHA, CHANCE, FOLDS, PRIMARY, PRIMARY_METRIC, REQUIREMENTS, Bound
from unscene.evaluation.sets.formats import find_role
from unscene.evaluation.statistics import NO_FOOTING, check_footing, get_detectable_by_all
from unscene.plan.comparison_power import POWER, find_test_to_train, find_training, list_guesses
from unscene.run.counts import tell_count

# Of figures whose spread has another name in throughput.yaml.
SPREADS = {
    "absence_auc_known": "absence_auc",
    "accuracy_*": "accuracy",
    "text_to_image_recall_at_5": "accuracy",
    "true_understanding": "accuracy",
    "image_to_text_recall_at_1": "recall_at_1",
    "text_to_image_recall_at_1": "recall_at_1",
}
# What the folds ask a figure of, where it is not photos: a key of count_items.
ASKED_OF = {PRIMARY_METRIC: "pairs", "placebo_excess": "pairs", "sham_flip_rate": "shams"}
COSINE = "placebo_excess"
TYPES = 3  # of questions, in NegBench
# Of the first ten of each query: more photos make no more places. Their spread is of a whole gallery.
OF_GALLERIES = ("wanted_at_10", "violation_at_10")


@dataclass(frozen=True)
class Size:
    """How much a figure is measured on: items, what they are, and whether they are a set, on which every
    training is tested, or the folds, each of which is tested by its own.
    """

    items: float
    what: str
    is_set: bool


def estimate_rule(settings: dict, assumed: dict, count: dict) -> dict:
    """Return `power`, `parts` and `guessed` (metrics whose spread over items, or over trainings, nobody
    measured): of each part of the pass rule the `items` that it is measured on, what
    they are, and `effects`, by metric the true difference from the reference (better being higher, a
    margin taken off) at which the whole part holds with this power.

    A part that nothing is measured for has no effects and a `reason`. assumed: its `spreads` and
    `sets`. count: as count_items returns it.
    """
    primary = tuple(Bound(PRIMARY_METRIC, reference) for reference in PRIMARY)
    # Holm's first step takes the level of a third.
    parts = {"group score": name_effects(primary, (FOLDS,), settings, assumed, count, ALPHA / len(PRIMARY))}
    for part in REQUIREMENTS:
        parts[part.name] = name_effects(part.bounds, part.sources, settings, assumed, count)
    named = dict.fromkeys(metric for part in parts.values() for metric in part["effects"])
    guesses = {metric: list_guesses(assumed, SPREADS.get(metric, metric)) for metric in named}
    guessed = {of: [metric for metric in named if of in guesses[metric]] for of in ("items", "trainings")}
    return {"power": POWER, "parts": parts, "guessed": guessed}


def name_effects(
    bounds: tuple[Bound, ...],
    sources: tuple[str | None, ...],
    settings: dict,
    assumed: dict,
    count: dict,
    alpha: float = ALPHA,
) -> dict:
    """Return `items what effects reason` of a part."""
    size = find_size(bounds[0].metric, sources, settings, assumed, count)
    reason = size if isinstance(size, str) else find_lack(bounds, size, settings)
    if reason:
        return {"items": None, "what": None, "effects": {}, "reason": reason}
    folds = settings["folds"]["folds"]
    trainings = folds * len(settings["train"]["seeds"])
    ratio = find_test_to_train(settings)
    spreads = {name: entry["value"] for name, entry in assumed["spreads"].items()}
    effects = {}
    for bound in bounds:
        name = SPREADS.get(bound.metric, bound.metric)
        spread, training = spreads[name], find_training(spreads, name)
        items = size.items / (TYPES if bound.metric.endswith("*") else 1)
        if bound.metric in OF_GALLERIES:
            items = 1 if size.is_set else folds
        of_training, error = spread_figure(spread, training, items, size.is_set, (folds, trainings, ratio))
        found = get_detectable_by_all(of_training, error, trainings, ratio, alpha, len(bounds), POWER)
        effects[bound.metric] = round(found - bound.margin, 5)
    return {"items": round(size.items), "what": size.what, "effects": effects, "reason": None}


def find_lack(bounds: tuple[Bound, ...], size: Size, settings: dict) -> str | None:
    """Return why bounds cannot be judged on what they are measured on; None where they can."""
    main, arms = settings["deploy"]["arm"], settings["train"]["arms"]
    references = [bound.reference for bound in bounds if bound.reference not in (CHANCE, main)]
    for name in dict.fromkeys([main, *references]):
        if name not in arms:
            return f"train.arms has no {name}"
        if size.is_set and name not in (settings["evaluate"]["set_arms"] or arms):
            return f"evaluate.set_arms leaves out {name}"
    return NO_FOOTING if math.isnan(check_footing(find_test_to_train(settings))) else None


def spread_figure(
    spread: float, training: float, items: float, is_set: bool, design: tuple[int, int, float]
) -> tuple[float, float]:
    """Return (standard deviation over trainings, standard error of the photos' interval) of a figure.

    spread: of a difference on one item. design: folds, trainings and their test_to_train. On folds a
    training is tested on its part; on a set on all items, as if it answered each in its own way, and
    the interval carries the trainings as `widen_by_models` does.
    """
    folds, trainings, ratio = design
    if not is_set:
        return math.hypot(spread / math.sqrt(items / folds), training), spread / math.sqrt(items)
    of_photos = spread / math.sqrt(items)
    widening = stats.t.ppf(1 - ALPHA / 2, trainings - 1) / stats.norm.ppf(1 - ALPHA / 2)
    of_trainings = widening * math.sqrt(1 / trainings + ratio) * training
    return math.hypot(of_photos, training), math.hypot(of_photos, of_trainings)


def find_size(
    metric: str, sources: tuple[str | None, ...], settings: dict, assumed: dict, count: dict
) -> Size | str:
    """Return on how much a figure is measured, by the first of its sources that the run has, or why on
    nothing.
    """
    evaluate = settings["evaluate"]
    for source in sources:
        if source is not FOLDS:
            sets = [entry for entry in evaluate["sets"] if find_role(entry) == source]
            sizes = [count_photos(source, entry, evaluate["world"], assumed) for entry in sets]
            if sizes:
                return Size(min(sizes), "photos of a set", True)
            continue
        kind = ASKED_OF.get(metric, "photos")
        items = count[kind]
        if kind == "photos":
            items = min(items, evaluate["max_photos"] * settings["folds"]["folds"])
        if items:
            return Size(items, {"shams": "sham edits"}.get(kind, kind), False)
        return "edits.sham makes none" if kind == "shams" else f"no {kind} are expected"
    return f"evaluate.sets has no set of the role {sources[0]}"


def count_photos(role: str, entry: dict, world: dict | None, assumed: dict) -> float:
    """Return how many photos a set is expected to have."""
    if "of_world" in entry and world is not None:
        return world["photos"] * assumed["sets"]["world_shares"]["value"][role]
    return assumed["sets"]["photos"]["value"][role]


def tell_part(part: dict) -> str:
    """Return the effects of a part in words."""
    if part["reason"]:
        return f"none is named: {part['reason']}"
    told = []
    for metric, effect in part["effects"].items():
        if effect >= 1:
            told.append(f"{metric} cannot be shown with so few")
        elif metric == COSINE:
            told.append(f"{metric} {effect:.3f} below 0")
        else:
            told.append(f"{metric} {100 * effect:+.1f} points")
    many = part["what"]
    one = "photo of a set" if many == "photos of a set" else many.removesuffix("s")
    return f"{', '.join(told)} ({tell_count(part['items'], one, many)})"


def describe_rule(rule: dict) -> list[str]:
    """Return the lines of the plan."""
    lines = [
        f"  Each part of the pass rule holds with a power of {rule['power']:g} where the main arm, beside its"
        " references, has truly:"
    ]
    lines += [f"    {name}: {tell_part(part)}" for name, part in rule["parts"].items()]
    for of, metrics in rule["guessed"].items():
        if metrics:
            lines.append(f"  How far {of} spread is a guess, not measured, for {', '.join(metrics)}.")
    return lines
