"""Score a model on the pairs of the categories that it was not trained on."""

import logging

from unscene.evaluation.embedders import Embedder
from unscene.evaluation.fold_scores import COSINES, SCORES, embed_pairs, load_fold, score_fold
from unscene.machine.batching import prepare_torch
from unscene.run.tables import write_json, write_table
from unscene.training.pairs import read_pairs, split_by_class


def evaluate_unseen_classes(
    path_to_pairs, path_to_folds, path_to_classes, path_to_clip, path_to_metrics, path_to_items, arm, fold, seed, runtime,
    device, threads,
):  # fmt: skip
    """Write the metrics (JSON) and the tested pairs (parquet) of one arm, fold of categories and training seed.

    No removal of a held-out category was trained on, and no photo group with one; captions of other pairs may still name it.
    """
    prepare_torch(device, threads)
    _, pair = split_by_class(read_pairs(path_to_pairs, path_to_folds), path_to_classes, fold)
    embedder = Embedder.load(path_to_clip, device, runtime["batch_size"])
    pairs = load_fold(embedder, pair, runtime["workers"])
    item, metrics = score_fold(pairs, embed_pairs(embedder, pairs))
    metrics["n_pairs_too_long"] = len(pair) - len(pairs)
    for position, (key, value) in enumerate((("arm", arm), ("class_fold", fold), ("seed", seed))):
        item.insert(position, key, value)
    logging.getLogger("unscene").info(
        "%s, fold %d of the categories, seed %d: group score %.3f on %d pairs of %s", arm, fold, seed, metrics["group_score"],
        len(item), ", ".join(sorted(set(item["category"]))),
    )  # fmt: skip
    write_table(item, path_to_items, ["arm", "class_fold", "seed", "edit_id", *SCORES, *COSINES])
    write_json({"arm": arm, "class_fold": fold, "seed": seed, **metrics}, path_to_metrics)
