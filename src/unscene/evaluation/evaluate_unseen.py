"""Score a model on the pairs of the categories that it was not trained on."""

import logging

from unscene.evaluation.checkpoints import find_evaluated
from unscene.evaluation.columns.pairs import UNSEEN
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.evaluate_fold import identify_run
from unscene.evaluation.fold_scores import embed_pairs, load_fold, score_fold
from unscene.machine.job import Job
from unscene.run.counts import tell_count
from unscene.run.tables import write_json
from unscene.training.pairs import read_pairs, split_by_class
from unscene.words.word_lists import find_vocabulary


def evaluate_unseen_classes(job: Job) -> None:
    """Write the metrics (JSON) and the tested pairs (parquet) of one arm, fold of categories and
    training seed.

    No removal of a held-out category was trained on, and no photo group with one; captions of other
    pairs may still name it. inputs: pairs, folds, classes, model (meta.json). outputs: metrics,
    item_table.
    """
    run = identify_run(job)
    run = {"arm": run["arm"], "class_fold": run["fold"], "seed": run["seed"]}
    _, pair = split_by_class(
        read_pairs(job.inputs.pairs, job.inputs.folds), job.inputs.classes, run["class_fold"]
    )
    query_weight, vocabulary = job.entry("arm").get("query_weight"), find_vocabulary(job.settings)
    embedder = Embedder.load(
        find_evaluated(job), job.device, job.runtime["batch_size"], query_weight, vocabulary
    )
    pairs = load_fold(embedder, pair, job.runtime["workers"])
    item, metrics = score_fold(pairs, embed_pairs(embedder, pairs))
    metrics["n_pairs_too_long"] = len(pair) - len(pairs)
    UNSEEN.write(item.assign(**run), job.outputs.item_table)
    write_json({**run, **metrics}, job.outputs.metrics)
    logging.getLogger("unscene").info(
        "%s, fold %d of the categories, seed %d: group score %.3f on %s of %s",
        *run.values(),
        metrics["group_score"],
        tell_count(len(item), "pair"),
        ", ".join(sorted(set(item["category"]))),
    )
