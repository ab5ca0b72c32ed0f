"""Contradictions in evaluate and folds.leak_guards."""

from collections.abc import Iterator

from unscene.config.names import suggest

GUARD_PATHS = ("ids", "hashes", "images")


def check_evaluation(config: dict) -> Iterator[str]:
    """Say what contradicts itself in evaluate.sets, evaluate.models and folds.leak_guards."""
    evaluate = config["evaluate"]
    if evaluate["alphas"] and not config["train"]["inner_share"]:
        yield (
            "evaluate.alphas: alpha is chosen on groups that no model was trained on; set train.inner_share,"
            " for instance to 0.1"
        )
    names = [*config["train"]["arms"], *(model["name"] for model in evaluate["models"])]
    for key, entries in (("sets", [entry["name"] for entry in evaluate["sets"]]), ("models", names)):
        twice = sorted({name for name in entries if entries.count(name) > 1})
        if twice:
            yield f"evaluate.{key}: the name {twice[0]!r} is used twice (arms count as models)"
    arms = config["train"]["arms"]
    for name in sorted(set(evaluate["set_arms"] or ()) - set(arms)):
        yield f"evaluate.set_arms: train.arms has no arm {name!r}{suggest(name, arms)}"
    world = evaluate["world"]
    for source in config["samples"]["sources"]:
        if world and source.get("seed") == world["seed"]:
            yield (
                f"evaluate.world: the source {source['name']!r} has the seed {world['seed']}, too, and shows"
                " the same scenes; give the world a seed of its own"
            )
    for guard in config["folds"]["leak_guards"]:
        if sum(kind in guard for kind in GUARD_PATHS) != 1:
            yield f"folds.leak_guards, {guard['name']!r}: give one of ids, hashes or images"
        sources = [source["name"] for source in config["samples"]["sources"]]
        for name in sorted(set(guard.get("sources", ())) - set(sources)):
            yield (
                f"folds.leak_guards, {guard['name']!r}: no source {name!r} in"
                f" samples.sources{suggest(name, sources)}"
            )
