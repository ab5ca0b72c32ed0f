"""Score the models of one arm, or one named checkpoint, on one evaluation set."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.evaluation.checkpoints import load_checkpoint
from unscene.evaluation.embedders import Embedder, decode_photos
from unscene.evaluation.set_metrics import list_photos, score_blind, score_task
from unscene.evaluation.sets import read_set
from unscene.evaluation.sets.tasks import ChoiceTask, SetError
from unscene.machine.batching import prepare_torch
from unscene.run.tables import write_json, write_table


def evaluate_set(
    entry, models, path_to_clip, path_to_metrics, path_to_items, model_name, query_weight, seed, resolve, runtime, device,
    threads,
):  # fmt: skip
    """Write the metrics (JSON) and a row an item and model (parquet).

    entry: of evaluate.sets. models: `{path, architecture, quick_gelu, fold, seed}` each, all scored on
    the same items; a metric is the mean over them, and each one's values stand under `models`. path_to_clip: train.clip, for the check
    of activations.
    """
    logger = logging.getLogger("unscene")
    prepare_torch(device, threads)
    task = read_set(entry, resolve, seed)
    paths, cache, runs, items = list_photos(task), {}, [], []
    for model in models:
        clip = load_checkpoint(model, device, path_to_clip)
        embedder = Embedder(*clip, runtime["batch_size"], query_weight)
        key = repr(embedder.preprocess)
        if key not in cache:  # models of one arm see the same pixels: decode once
            cache = {key: decode_photos(paths, embedder.preprocess, runtime["workers"])}
        pixels, position, reasons = cache[key]
        if not len(pixels):
            raise SetError(
                f"evaluate.sets, {entry['name']!r}: no photo can be read, for instance {paths[0]} ({reasons[0]}); check `images`"
            )
        features = embedder.embed_photos(pixels)
        photo = {path: features[at] for path, at in zip(paths, position, strict=True) if at >= 0}
        item, metrics = score_task(task, photo, embedder)
        item.insert(0, "model", model_name)
        item.insert(1, "fold", model.get("fold"))
        item.insert(2, "seed", model.get("seed"))
        items.append(item)
        runs.append({"fold": model.get("fold"), "seed": model.get("seed"), **metrics})
    means = average_runs(runs)
    blind = score_blind(task.table) if isinstance(task, ChoiceTask) else {}
    unreadable = pd.Series([reason for reason in reasons if reason], dtype=object).value_counts().to_dict()
    logger.info("%s on %s: %s", model_name, entry["name"], {**means, **blind})
    if unreadable:
        logger.warning("%s: photos that cannot be read: %s", entry["name"], unreadable)
    write_table(pd.concat(items, ignore_index=True), path_to_items)
    write_json(
        {
            "set": entry["name"], "format": entry["format"], "model": model_name, **means, **blind,
            "n_models": len(runs), "photos_unreadable": unreadable, "models": runs,
        },
        path_to_metrics,
    )  # fmt: skip


def average_runs(runs):
    """Return the mean of each metric over models; counts (`n_...`) are the first model's."""
    names = [name for name in runs[0] if name not in ("fold", "seed")]
    means = {}
    for name in names:
        values = np.array([run.get(name, np.nan) for run in runs], float)
        means[name] = runs[0][name] if name.startswith("n_") else float(values.mean())
    return means


def read_place(path):
    """Return the fold and seed of a model folder .../fold{fold}/seed{seed}."""
    path = Path(path)
    return {"fold": int(path.parent.name.removeprefix("fold")), "seed": int(path.name.removeprefix("seed"))}
