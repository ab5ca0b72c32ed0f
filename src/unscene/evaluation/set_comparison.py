"""Compare arms on external evaluation sets: the same items, scored by every fold's model of either arm."""

import logging

import numpy as np
import pandas as pd

from unscene.evaluation.columns.sets import SET_ITEMS, SET_SUMMARY, SETS
from unscene.evaluation.columns.shared import RECALL_AT
from unscene.evaluation.csv_tables import write_csv
from unscene.evaluation.pass_rule import CHANCE, CHANCE_OF, REFERENCES
from unscene.evaluation.sets.formats import FORMATS, find_role
from unscene.evaluation.statistics import NO_FOOTING, check_footing, corrected_t, two_level_bootstrap
from unscene.machine.job import Job
from unscene.run.counts import tell_count
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_json

VALUES = ["run", "photo", "item", "metric", "value"]
NO_VALUES = "no photo has a value of its own"
ONE_MODEL = "one model: the photos alone vary"
NOT_COMPARED = "no contrast of the folds tells how far trainings overlap"


def compare_arms_on_sets(job: Job) -> None:
    """Write comparison.csv of the sets, a row a set, contrast and metric, and a summary of the arms.

    The main arm is held against each reference that was tested on the set, and where a metric has a
    value that chance gives, against that. The summary has every arm's own level. inputs: metrics,
    item_tables of every set and arm, as evaluate_set writes them; arms (compare_arms' comparison: by
    how much the arms' trainings overlap). outputs: comparison, summary.
    """
    settings, seed, main_arm = job.settings["evaluate"], job.settings["seed"], job.settings["deploy"]["arm"]
    entries = {entry["name"]: entry for entry in settings["sets"]}
    overlap = pd.read_csv(job.inputs.arms).groupby("contrast")["test_to_train"].max()
    value: dict[str, dict[str, pd.DataFrame]] = {}
    levels = []
    for path_to_metrics, path_to_items in zip(
        job.inputs.metrics or (), job.inputs.item_tables or (), strict=True
    ):
        metrics, task = read_json(path_to_metrics), FORMATS[read_json(path_to_metrics)["format"]].task
        found = list_values(task, SET_ITEMS[task].read(path_to_items))
        levels += list_levels(metrics, found, settings, seed, find_overlap(overlap, metrics["model"]))
        value.setdefault(metrics["set"], {})[metrics["model"]] = found
    rows = []
    for name, by_model in value.items():
        entry = entries[name]
        known = (name, entry["format"], find_role(entry))
        if main_arm not in by_model:
            continue
        main = by_model[main_arm]
        for other in (*REFERENCES, CHANCE):
            reference = take_chance(main) if other == CHANCE else by_model.get(other)
            if reference is None or other == main_arm:
                continue
            contrast = f"{main_arm}-{other}"
            ratio = overlap.get(contrast, np.nan)
            found = contrast_models(main, reference, settings, seed, check_footing(ratio))
            rows += [(*known, contrast, metric, *estimate) for metric, estimate in found.items()]
    frame = pd.DataFrame(rows, columns=[name for name in SETS.names if name != "reason"])
    frame["reason"] = [
        explain_lack(models, overlap.get(contrast, np.nan))
        for contrast, models in zip(frame["contrast"], frame["models"], strict=True)
    ]
    write_csv(SETS, frame, job.outputs.comparison)
    write_csv(SET_SUMMARY, SET_SUMMARY.frame(levels), job.outputs.summary)
    logging.getLogger("unscene").info(
        "%s on %s", tell_count(len(frame), "contrast"), tell_count(len(value), "set")
    )


def explain_lack(models: int, test_to_train: float) -> str | None:
    """Return why limits of so many models are missing, None where they are not.

    test_to_train: as the contrasts of the folds say it, NaN where none does.
    """
    if models == 1:
        return ONE_MODEL
    if np.isnan(test_to_train):
        return NOT_COMPARED
    return NO_FOOTING if np.isnan(check_footing(test_to_train)) else None


def find_overlap(overlap: pd.Series, arm: str) -> float:
    """Return how far the trainings of one arm overlap, NaN where no contrast of the folds has it.

    overlap: contrast -> test_to_train, of two arms the larger one: so the smallest of an arm's
    contrasts is the nearest to its own, and never below it.
    """
    is_of_arm = [arm in contrast.split("-") for contrast in overlap.index]
    return float(overlap[is_of_arm].min())


def list_levels(
    metrics: dict, value: pd.DataFrame, settings: dict, seed: int, test_to_train: float
) -> list[dict]:
    """Return rows of SET_SUMMARY: every number that evaluate_set wrote of an arm on a set, with limits
    where each photo has a value.

    value: VALUES of this arm on this set. test_to_train: as explain_lack takes it. The limits are
    those of the contrasts (`two_level_bootstrap`), between 0 and 1 as the figures are.
    """
    rows = []
    for name, mean in metrics.items():
        if not isinstance(mean, int | float):
            continue
        row = {"set": metrics["set"], "model": metrics["model"], "metric": name, "mean": float(mean)}
        answers = tabulate_models(value, name).dropna()
        if answers.empty:
            rows.append(row | {"low": np.nan, "high": np.nan, "reason": NO_VALUES})
            continue
        low, high = estimate(answers, name, settings, seed, check_footing(test_to_train))[1:]
        limits = {"low": max(low, 0.0), "high": min(high, 1.0)}
        rows.append(row | limits | {"reason": explain_lack(answers.shape[1], test_to_train)})
    return rows


def list_values(task: str, item: pd.DataFrame) -> pd.DataFrame:
    """Return VALUES: what each model said of each item, as a share; a row an item, model and metric.

    task: what a model is asked, a key of SET_ITEMS. photo: what the item is asked of. Of an object
    set the photos are the items: classes and queries are asked of all photos at once.
    """
    # A named checkpoint has neither fold nor seed; `astype(str)` would keep them missing.
    item = item.assign(run=item["fold"].map(str) + "/" + item["seed"].map(str))
    if task == "retrieval":
        # A photo's captions have its name: the first, second, ... is an item of its own.
        turn = item.groupby(["run", "way", "item"]).cumcount().astype(str)
        item = item.assign(item=item["item"].astype(str) + "#" + turn)
        parts = [_values(item, item["way"] + f"_recall_at_{k}", item["rank"] < k) for k in RECALL_AT]
    elif task == "removals":
        removed, other = item["removed"].astype(bool), ~item["removable"].astype(bool)
        before, after = item["before"].astype(bool), item["after"].astype(bool)
        parts = [
            _values(item[removed], "true_understanding", before & ~after),
            _values(item[other], "indecision", before != after),
        ]
    elif task == "classes":
        parts = [_values(item, "top1", item["correct"])]
    elif task == "choices":
        parts = [
            _values(item, "accuracy", item["correct"]),
            _values(item, "accuracy_" + item["kind"].astype(str), item["correct"]),
        ]
    elif task == "objects" and "value" in item:
        of_photo = item[item["kind"] == "photo"]
        parts = [_values(of_photo.assign(photo=of_photo["item"]), of_photo["metric"], of_photo["value"])]
    else:
        parts = []
    return pd.concat(parts, ignore_index=True)[VALUES] if parts else pd.DataFrame(columns=VALUES)


def take_chance(value: pd.DataFrame) -> pd.DataFrame | None:
    """Return the values of a single model that has what chance gives, on the metrics for which that
    is known; None where there is no such metric.
    """
    known = value[value["metric"].isin(list(CHANCE_OF))].drop_duplicates(["item", "metric"])
    return None if known.empty else known.assign(run=CHANCE, value=known["metric"].map(CHANCE_OF))


def contrast_models(
    one: pd.DataFrame, other: pd.DataFrame, settings: dict, seed: int, test_to_train: float = float("nan")
) -> dict[str, tuple]:
    """Return metric -> (difference, low, high, items, photos, models, models of the reference, low
    and high by the corrected t).

    one, other: VALUES; where they have no column `photo`, an item is named `{photo}-{question}`.
    Runs of both (fold and seed) are paired where both have them; a reference of a single model,
    like the untuned one, stands against each run. low, high: by photo, so that ten questions on a
    photo are no ten trials, and over trainings (`two_level_bootstrap`). Of several models all limits
    are NaN where test_to_train is; of a single one the corrected t is.
    """
    one, other = (
        frame if "photo" in frame else frame.assign(photo=_name_photos(frame)) for frame in (one, other)
    )
    found = {}
    asked = set(other["metric"])
    for metric in (name for name in pd.unique(one["metric"]) if name in asked):
        first, second = (tabulate_models(frame, metric) for frame in (one, other))
        is_single = second.shape[1] == 1
        difference = first.sub(second.iloc[:, 0], axis=0) if is_single else first - second
        difference = difference.dropna(axis=1, how="all").dropna()
        photos = difference.index.get_level_values("photo").nunique()
        counts = len(difference), photos, difference.shape[1], second.shape[1]
        trained = corrected_t(difference.mean().to_numpy(), test_to_train, settings["confidence"])[:2]
        limits = estimate(difference, metric, settings, seed, test_to_train)
        found[metric] = (*limits, *counts, *trained)
    return found


def tabulate_models(value: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return what each model said by one metric: a row an item of a photo, a column a run."""
    of_metric = value[value["metric"] == metric]
    return of_metric.pivot_table(index=["photo", "item"], columns="run", values="value")


def estimate(
    answers: pd.DataFrame, metric: str, settings: dict, seed: int, test_to_train: float
) -> tuple[float, float, float]:
    """Return (mean, low, high) by photo and over models of answers, or of their differences, as
    tabulate_models has them.
    """
    return two_level_bootstrap(
        answers.to_numpy(),
        answers.index.get_level_values("photo").to_numpy(),
        settings["bootstrap_draws"],
        settings["confidence"],
        derive_seed(seed, metric),
        test_to_train,
    )


def _name_photos(value: pd.DataFrame) -> pd.Series:
    return value["item"].astype(str).str.rsplit("-", n=1).str[0]


def _values(item: pd.DataFrame, metric, value: pd.Series) -> pd.DataFrame:
    """Return VALUES of some rows. value: of these rows, or of more."""
    frame = item[["run", "photo"]].assign(item=item["item"].astype(str), metric=metric)
    return frame.assign(value=value[item.index].astype(float))
