"""Compare arms on external evaluation sets: the same items, scored by every fold's model of either arm."""

import logging

import numpy as np
import pandas as pd

from unscene.evaluation.columns import RECALL_AT, SET_ITEMS, SETS
from unscene.evaluation.csv_tables import write_csv
from unscene.evaluation.sets.formats import FORMATS, find_role
from unscene.evaluation.statistics import two_level_bootstrap
from unscene.machine.job import Job
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_json

# What the main arm is held against.
REFERENCES = ("zero_shot", "originals")


def compare_arms_on_sets(job: Job) -> None:
    """Write comparison.csv of the sets: a row a set, contrast and metric.

    A contrast whose models were not tested is left out. inputs: metrics, item_tables of every set and arm, as
    evaluate_set writes them. outputs: comparison.
    """
    settings, seed, main_arm = job.settings["evaluate"], job.settings["seed"], job.settings["deploy"]["arm"]
    entries = {entry["name"]: entry for entry in settings["sets"]}
    value: dict[str, dict[str, pd.DataFrame]] = {}
    for path_to_metrics, path_to_items in zip(
        job.inputs.metrics or (), job.inputs.item_tables or (), strict=True
    ):
        metrics, task = read_json(path_to_metrics), FORMATS[read_json(path_to_metrics)["format"]].task
        value.setdefault(metrics["set"], {})[metrics["model"]] = list_values(
            task, SET_ITEMS[task].read(path_to_items)
        )
    rows = []
    for name, by_model in value.items():
        entry = entries[name]
        for other in REFERENCES:
            if not {main_arm, other} <= set(by_model):
                continue
            contrast = contrast_models(by_model[main_arm], by_model[other], settings, seed)
            for metric, estimate in contrast.items():
                known = (name, entry["format"], find_role(entry), f"{main_arm}-{other}", metric)
                rows.append((*known, *estimate))
    frame = pd.DataFrame(rows, columns=SETS.names)
    write_csv(SETS, frame, job.outputs.comparison)
    logging.getLogger("unscene").info("%d contrasts on %d sets", len(frame), len(value))


def list_values(task: str, item: pd.DataFrame) -> pd.DataFrame:
    """Return `run item metric value`: what each model said of each item, as a share; a row an item,
    model and metric.

    task: what a model is asked, a key of SET_ITEMS. Classes and queries of an object set are no
    items, so such a set has no rows here; its AUC stand in the sets' own metrics.
    """
    # A named checkpoint has neither fold nor seed; `astype(str)` would keep them missing.
    run = item["fold"].map(str) + "/" + item["seed"].map(str)
    if task == "retrieval":
        parts = [
            _values(run, item["item"], item["way"] + f"_recall_at_{k}", item["rank"] < k) for k in RECALL_AT
        ]
    elif task == "removals":
        removed, other = item["removed"].astype(bool), ~item["removable"].astype(bool)
        before, after = item["before"].astype(bool), item["after"].astype(bool)
        parts = [
            _values(
                run[removed], item.loc[removed, "item"], "true_understanding", (before & ~after)[removed]
            ),
            _values(run[other], item.loc[other, "item"], "indecision", (before != after)[other]),
        ]
    elif task == "classes":
        parts = [_values(run, item["item"], "top1", item["correct"])]
    elif task == "choices":
        parts = [_values(run, item["item"], "accuracy", item["correct"])]
        if item["kind"].nunique() > 1:
            parts.append(_values(run, item["item"], "accuracy_" + item["kind"].astype(str), item["correct"]))
    else:
        parts = []
    columns = ["run", "item", "metric", "value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def contrast_models(one: pd.DataFrame, other: pd.DataFrame, settings: dict, seed: int) -> dict[str, tuple]:
    """Return metric -> (difference, low, high, items, models, models of the reference), by the
    two-way bootstrap.

    Runs of both (fold and seed) are paired where both have them; a reference of a single model,
    like the untuned one, stands against each run.
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
