"""Compare arms on external evaluation sets: the same items, scored by every fold's model of either arm."""

import logging

import numpy as np
import pandas as pd

from unscene.evaluation.statistics import two_level_bootstrap
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_json, read_table, write_text

COLUMNS = [
    "set",
    "format",
    "role",
    "contrast",
    "metric",
    "difference",
    "low",
    "high",
    "n",
    "models",
    "models_reference",
]
# What a set is evidence of, in the pass rule, unless its entry in evaluate.sets says otherwise by `role`.
ROLES = {
    "negbench_mcq": "mcq", "coco_mcq": "mcq", "negbench_retrieval": "negated_retrieval", "coco_retrieval": "retrieval",
    "class_folders": "zero_shot", "clip_benchmark": "zero_shot", "beaf": "removal",
}  # fmt: skip
RECALL_AT = (1, 5, 10)


def compare_arms_on_sets(
    paths_to_metrics, paths_to_items, path_to_comparison, sets, contrasts, settings, seed
):
    """Write comparison.csv of the sets: a row a set, contrast and metric.

    paths_to_metrics, paths_to_items: of every set and model, as evaluate_set writes them. sets: evaluate.sets. contrasts: pairs
    of model names. settings: `evaluate` (bootstrap_draws, confidence). A contrast whose models were not tested is left out.
    """
    roles = {entry["name"]: entry.get("role") or ROLES.get(entry["format"]) for entry in sets}
    formats = {entry["name"]: entry["format"] for entry in sets}
    value: dict[str, dict[str, pd.DataFrame]] = {}
    for metrics, items in zip(map(read_json, paths_to_metrics), map(read_table, paths_to_items), strict=True):
        value.setdefault(metrics["set"], {})[metrics["model"]] = list_values(metrics["format"], items)
    rows = []
    for name, by_model in value.items():
        for one, other in contrasts:
            if not {one, other} <= set(by_model):
                continue
            for metric, estimate in contrast_models(by_model[one], by_model[other], settings, seed).items():
                rows.append((name, formats[name], roles[name], f"{one}-{other}", metric, *estimate))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_text(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"), path_to_comparison)
    logging.getLogger("unscene").info("%d contrasts on %d sets", len(frame), len(value))


def list_values(format_name: str, item: pd.DataFrame) -> pd.DataFrame:
    """Return `run item metric value`: what each model said of each item, as a share; a row an item, model and metric.

    Classes and queries of an object set are no items, so such a set has no rows here; its AUC stand in the sets' own metrics.
    """
    # A named checkpoint has neither fold nor seed; `astype(str)` would keep them missing.
    run = item["fold"].map(str) + "/" + item["seed"].map(str)
    if "rank" in item and "way" in item:
        parts = [
            _values(run, item["item"], item["way"] + f"_recall_at_{k}", item["rank"] < k) for k in RECALL_AT
        ]
    elif "removable" in item:
        removed, other = item["removed"].astype(bool), ~item["removable"].astype(bool)
        parts = [
            _values(run[removed], item.loc[removed, "item"], "true_understanding",
                    (item["before"] & ~item["after"])[removed]),
            _values(run[other], item.loc[other, "item"], "indecision", (item["before"] != item["after"])[other]),
        ]  # fmt: skip
    elif "correct" in item:
        name = "top1" if format_name in ("class_folders", "clip_benchmark") else "accuracy"
        parts = [_values(run, item["item"], name, item["correct"])]
        if "kind" in item and item["kind"].nunique() > 1:
            parts.append(_values(run, item["item"], "accuracy_" + item["kind"].astype(str), item["correct"]))
    else:
        parts = []
    columns = ["run", "item", "metric", "value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def contrast_models(one: pd.DataFrame, other: pd.DataFrame, settings: dict, seed: int) -> dict[str, tuple]:
    """Return metric -> (difference, low, high, items, models, models of the reference), by the two-way bootstrap.

    Runs of both (fold and seed) are paired where both have them; a reference of a single model, like the untuned one,
    stands against each run.
    """
    found = {}
    for metric in pd.unique(one["metric"]):
        first, second = (
            frame[frame["metric"] == metric].pivot_table(index="item", columns="run", values="value")
            for frame in (one, other)
        )
        common = first.index.intersection(second.index)
        first, second = first.loc[common], second.loc[common]
        if second.shape[1] == 1:
            difference = first.to_numpy() - second.to_numpy()
        else:
            runs = first.columns.intersection(second.columns)
            difference = first[runs].to_numpy() - second[runs].to_numpy()
        estimate = two_level_bootstrap(
            difference,
            np.asarray(common),
            settings["bootstrap_draws"],
            settings["confidence"],
            derive_seed(seed, metric),
        )
        found[metric] = (*estimate, len(common), difference.shape[1], second.shape[1])
    return found


def _values(run, item, metric, value) -> pd.DataFrame:
    return pd.DataFrame(
        {"run": run, "item": item.astype(str), "metric": metric, "value": value.astype(float)}
    )
