"""Score one model on the held-out pairs of its fold and on its untouched photos."""

import logging

from unscene.evaluation.checkpoints import find_evaluated, list_never_denied
from unscene.evaluation.columns.pairs import ITEMS
from unscene.evaluation.columns.photos import CLASSES, CONSTRUCTIONS, PHOTO_VALUES, QUERIES, RETRIEVAL
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.fold_scores import (
    embed_pairs,
    load_fold,
    load_untouched,
    score_fold,
    score_shortcuts,
    score_unfiltered,
    score_untouched,
)
from unscene.evaluation.shortcuts import measure_wording
from unscene.evaluation.true_pictures import score_true_pictures
from unscene.evaluation.untouched_photos import read_untouched
from unscene.machine.job import Job
from unscene.run.counts import tell_count
from unscene.run.tables import read_json, write_json
from unscene.training.arms import list_true_negations
from unscene.training.objectives import list_pool_parts
from unscene.training.pairs import read_pairs, split_pairs
from unscene.training.pool_texts import LABELLED
from unscene.words.word_lists import find_vocabulary


def evaluate_clip(job: Job) -> None:
    """Write the metrics (JSON) and tables of one arm, fold and training seed, on what its model has not seen.

    inputs: pairs, unfiltered (pairs before the quality gates), folds, photos (untouched ones), truth
    (true pictures, or None), model (meta.json, or None for train.clip). outputs: metrics, item_table
    (tested pairs), class_table, construction_table, query_table, photo_table (what each untouched
    photo says of each metric), retrieval_table (ranks of photos and captions). Pairs with a caption
    longer than the model's context are left out and counted. A metric that the data does not allow
    (no held-out phrasing, no class with enough pairs) is null; `reasons` says why, where it is one on
    untouched photos.
    """
    run = identify_run(job)
    query_weight, vocabulary = job.entry("arm").get("query_weight"), find_vocabulary(job.settings)
    embedder = Embedder.load(
        find_evaluated(job), job.device, job.runtime["batch_size"], query_weight, vocabulary
    )
    _, pair = split_pairs(read_pairs(job.inputs.pairs, job.inputs.folds), run["fold"])
    photo = read_untouched(job.inputs.photos, job.inputs.folds)
    pairs = load_fold(embedder, pair, job.runtime["workers"])
    features = embed_pairs(embedder, pairs)
    item, metrics = score_fold(pairs, features)
    of_fold = photo[photo["fold"] == run["fold"]]
    embedder.never_denied = list_never_denied(job.inputs.model, vocabulary)
    embedder.is_untuned = not job.inputs.model
    answers, ranks = score_untouched(embedder, *load_untouched(embedder, of_fold, job.runtime["workers"]))
    objects, unknown = (
        dict(zip(photo["image_id"], photo[name], strict=True)) for name in ("objects", "unknown")
    )
    shifts, of_shortcuts = score_shortcuts(pairs, features, objects, unknown, vocabulary)
    # Which other object is denied is drawn here, once for all arms.
    true = embedder.embed_texts(list_true_negations(pairs.table, 0, vocabulary, objects))
    wording = measure_wording(features["original"], features["edited"], features["present"], true)
    truth = score_true_pictures(embedder, pairs, features, job.inputs.truth, job.runtime["workers"])
    of_alarms = wording.join(truth)
    item = item.join(shifts).join(of_alarms)
    metrics |= {name: float(of_alarms[name].astype(float).mean()) for name in of_alarms}
    metrics |= answers.metrics | of_shortcuts
    _, unfiltered = split_pairs(read_pairs(job.inputs.unfiltered, job.inputs.folds), run["fold"])
    metrics |= score_unfiltered(embedder, unfiltered, item, job.runtime["workers"])
    metrics["n_pairs_too_long"] = len(pair) - len(pairs)
    # The overlap of the folds' trainings follows from it: an arm may train on a share of its pairs.
    metrics["n_training_groups"] = read_json(job.inputs.model)["groups"] if job.inputs.model else 0
    metrics["true_negation_share"] = get_true_negations(job.inputs.model)
    for table, frame, path in (
        (ITEMS, item, job.outputs.item_table),
        (CLASSES, answers.classes, job.outputs.class_table),
        (CONSTRUCTIONS, answers.constructions, job.outputs.construction_table),
        (QUERIES, answers.queries, job.outputs.query_table),
        (PHOTO_VALUES, answers.values, job.outputs.photo_table),
        (RETRIEVAL, ranks, job.outputs.retrieval_table),
    ):
        table.write(frame.assign(**run), path)
    write_json({**run, **metrics, "reasons": answers.reasons}, job.outputs.metrics)
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: group score %.3f on %s",
        *run.values(),
        metrics["group_score"],
        tell_count(len(item), "pair"),
    )


def get_true_negations(path_to_meta: str | None) -> float | None:
    """Return the share of originals that a model was shown with a true denial; None where its
    training had no denials of edits, or ordinary photos with denials beside them.
    """
    meta = read_json(path_to_meta) if path_to_meta else {}
    arm = meta.get("arm_settings", {})
    of_pool = LABELLED.intersection(list_pool_parts(arm.get("loss", {})))
    if arm.get("texts") != "negated" or arm["images"] == "originals" or of_pool:
        return None
    return meta["train_settings"]["true_negations"]


def identify_run(job: Job) -> dict:
    """Return `arm fold seed` of a job's wildcards."""
    return {
        "arm": job.wildcards["arm"],
        "fold": int(job.wildcards["fold"]),
        "seed": int(job.wildcards["seed"]),
    }
