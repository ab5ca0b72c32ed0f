"""Score the models of one arm, or one named checkpoint, on one evaluation set."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.clip.folders import find_model
from unscene.clip.models import hash_image_tower
from unscene.evaluation.checkpoints import list_never_denied, load_checkpoint
from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.embedders import Embedder, decode_photos
from unscene.evaluation.set_metrics import list_photos, score_blind, score_task
from unscene.evaluation.sets.exam import is_drawn
from unscene.evaluation.sets.formats import FORMATS
from unscene.evaluation.sets.reading import read_set
from unscene.evaluation.sets.tasks import ChoiceTask, SetError
from unscene.machine.job import Job
from unscene.run.checkout import CHECKOUT, resolve_path
from unscene.run.tables import read_json, write_json
from unscene.words.word_lists import find_vocabulary


def evaluate_set(job: Job) -> None:
    """Write the metrics (JSON) and a row an item and model (parquet).

    inputs: models (meta.json of an arm's models; None for train.clip or a named checkpoint).
    outputs: metrics, item_table. All models are scored on the same items; a metric is the mean over
    them, and each one's values stand under `models`.
    """
    entry, seed, vocabulary = job.entry("set"), job.settings["seed"], find_vocabulary(job.settings)
    is_named = "model" in job.wildcards
    name = job.wildcards["model" if is_named else "arm"]
    query_weight = None if is_named else job.entry("arm").get("query_weight")
    root = Path.cwd() if is_drawn(entry) else CHECKOUT
    task = read_set(entry, lambda path: root / path, seed)
    paths, cache, runs, items, why = list_photos(task), {}, [], [], {}
    embedded: dict[tuple[str, str], np.ndarray] = {}
    for model in list_models(job):
        clip = load_checkpoint(model, job.device, job.find("train.clip"))
        embedder = Embedder(
            *clip,
            job.runtime["batch_size"],
            query_weight,
            vocabulary,
            list_never_denied(model.get("meta"), vocabulary),
            is_untuned=not (is_named or job.inputs.models),
        )
        key = repr(embedder.preprocess)
        if key not in cache:  # models of one arm see the same pixels: decode once
            cache = {key: decode_photos(paths, embedder.preprocess, job.runtime["workers"])}
        pixels, position, reasons = cache[key]
        if not len(pixels):
            raise SetError(
                f"evaluate.sets, {entry['name']!r}: no photo can be read, for instance {paths[0]} "
                f"({reasons[0]}); "
                "check `images`"
            )
        tower = key, hash_image_tower(embedder.model)
        if tower not in embedded:  # models whose image tower was frozen see the same: embed once
            embedded = {tower: embedder.embed_photos(pixels)}
        features = embedded[tower]
        photo = {path: features[at] for path, at in zip(paths, position, strict=True) if at >= 0}
        item, metrics = score_task(task, photo, embedder)
        why |= metrics.pop("reasons", {})
        run = {"fold": model.get("fold"), "seed": model.get("seed")}
        items.append(item.assign(model=name, **run))
        runs.append({**run, **metrics})
    blind = score_blind(task.table) if isinstance(task, ChoiceTask) else {}
    unreadable = pd.Series([reason for reason in reasons if reason], dtype=object).value_counts().to_dict()
    means = average_runs(runs) | blind
    SET_ITEMS[FORMATS[entry["format"]].task].write(
        pd.concat(items, ignore_index=True), job.outputs.item_table
    )
    described = {"set": entry["name"], "format": entry["format"], "model": name, **means}
    write_json(
        {**described, "n_models": len(runs), "photos_unreadable": unreadable, "models": runs, "reasons": why},
        job.outputs.metrics,
    )
    logger = logging.getLogger("unscene")
    logger.info("%s on %s: %s", name, entry["name"], means)
    if unreadable:
        logger.warning("%s: photos that cannot be read: %s", entry["name"], unreadable)


def list_models(job: Job) -> list[dict]:
    """Return the models that a job tests, `path` and where they have one `fold` and `seed`; of a
    named one its whole entry.
    """
    if "model" in job.wildcards:
        entry = job.entry("model")
        return [{**entry, "path": resolve_path(entry["path"])}]
    models = []
    for path_to_meta in job.inputs.models or ():
        meta = read_json(path_to_meta)
        of_model = {"meta": path_to_meta, "fold": meta["fold"], "seed": meta["training_seed"]}
        models.append({"path": find_model(path_to_meta), **of_model})
    return models or [{"path": job.find("train.clip")}]


def average_runs(runs):
    """Return the mean of each metric over models; counts (`n_...`) are those of the first model that
    has them. A kind of option that a model never chose is no metric of it: its share (`chosen_...`) is 0.
    """
    names = dict.fromkeys(name for run in runs for name in run if name not in ("fold", "seed"))
    means = {}
    for name in names:
        missing = 0.0 if name.startswith("chosen_") else np.nan
        values = [run.get(name, missing) for run in runs]
        if name.startswith("n_"):
            means[name] = next(run[name] for run in runs if name in run)
        else:
            means[name] = float(np.array(values, float).mean())
    return means
