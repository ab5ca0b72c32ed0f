"""Score one model on the held-out pairs of its fold."""

import logging

import numpy as np
import pandas as pd

from unscene.evaluation.embedders import Embedder, decode_photos
from unscene.evaluation.fold_scores import (
    COSINES,
    SCORES,
    embed_pairs,
    load_fold,
    load_untouched,
    score_fold,
    score_shortcuts,
    score_untouched,
)
from unscene.evaluation.sham_metrics import SHAM_COLUMNS, score_shams, summarise_shams
from unscene.evaluation.shortcut_controls import probe_features
from unscene.machine.batching import prepare_torch
from unscene.run.tables import read_table, write_json, write_table
from unscene.training.pairs import PairError, read_pairs, split_pairs


def evaluate_clip(
    path_to_pairs,
    path_to_folds,
    path_to_photos,
    path_to_controls,
    path_to_clip,
    paths_to_tables,
    arm,
    fold,
    seed,
    query_weight,
    runtime,
    device,
    threads,
):
    """Write the metrics (JSON) and tables of one arm, fold and training seed, on what its model has not seen.

    path_to_photos: untouched photos of the folds. path_to_controls: sham pairs, or None. paths_to_tables: by name `metrics`
    (JSON), `item_table` (tested pairs), `class_table`, `query_table`, `retrieval_table` (ranks of photos and captions) and
    `sham_table`. query_weight: of query arithmetic, or None.
    Pairs with a caption longer than the model's context are left out and counted. A metric that the data does not allow
    (no held-out phrasing, no class with enough pairs, no sham edits) is null.
    """
    prepare_torch(device, threads)
    embedder = Embedder.load(path_to_clip, device, runtime["batch_size"], query_weight)
    _, pair = split_pairs(read_pairs(path_to_pairs, path_to_folds), fold)
    photo = read_table(path_to_photos)
    pairs = load_fold(embedder, pair, runtime["workers"])
    features = embed_pairs(embedder, pairs)
    item, metrics = score_fold(pairs, features)
    classes, queries, ranks, of_photos = score_untouched(
        embedder, *load_untouched(embedder, photo[photo["fold"] == fold], runtime["workers"])
    )
    objects = dict(zip(photo["image_id"], photo["objects"], strict=True))
    shams, of_shams = score_sham_edits(embedder, path_to_controls, path_to_folds, fold, runtime["workers"])
    metrics |= {
        **of_photos, **of_shams, **score_shortcuts(pairs, features, objects),
        "n_pairs_too_long": len(pair) - len(pairs),
    }  # fmt: skip
    tables = {
        "item_table": item, "class_table": classes, "query_table": queries, "retrieval_table": ranks, "sham_table": shams,
    }  # fmt: skip
    for table in tables.values():
        for position, (key, value) in enumerate((("arm", arm), ("fold", fold), ("seed", seed))):
            table.insert(position, key, value)
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: group score %.3f on %d pairs",
        arm,
        fold,
        seed,
        metrics["group_score"],
        len(item),
    )
    for name, table in tables.items():
        columns = ["arm", "fold", "seed", *(["edit_id", *SCORES, *COSINES] if name == "item_table" else [])]
        write_table(table, paths_to_tables[name], columns)
    write_json({"arm": arm, "fold": fold, "seed": seed, **metrics}, paths_to_tables["metrics"])


def score_sham_edits(embedder, path_to_controls, path_to_folds, fold, workers):
    """Return (a row a sham pair, metrics) of the sham pairs of a fold; without controls no row and null metrics."""
    if path_to_controls is None:
        empty = pd.DataFrame(columns=["edit_id", "presence", "sham_presence", "sham_flip", "sham_pull"])
        return empty, {**summarise_shams(empty), "sham_probe_auc": None}
    sham = read_table(path_to_controls, SHAM_COLUMNS)
    of_group = (
        read_table(path_to_folds, ["group", "fold"]).drop_duplicates("group").set_index("group")["fold"]
    )
    sham = sham[sham["group"].map(of_group) == fold].sort_values("edit_id", ignore_index=True)
    photos = {}
    for column in ("original_path", "edited_path"):
        pixels, position, reasons = decode_photos(list(sham[column]), embedder.preprocess, workers)
        if (position < 0).any():
            bad = int(np.flatnonzero(position < 0)[0])
            raise PairError(
                f"{sham[column].iloc[bad]}: {reasons[bad]}; delete the folder of the stage that wrote it"
            )
        photos[column] = (
            embedder.embed_photos(pixels)[position] if len(sham) else np.zeros((0, 1), np.float32)
        )
    present, negated = (
        embedder.embed_texts(sham[column]) if len(sham) else np.zeros((0, 1), np.float32)
        for column in ("caption_original", "caption_negated")
    )
    item = score_shams(photos["original_path"], photos["edited_path"], present, negated)
    item = pd.concat([sham[["edit_id", "sham_of", "category", "group"]], item], axis=1)
    told_apart = probe_features(photos["original_path"], photos["edited_path"], sham["group"].to_numpy())
    return item, {**summarise_shams(item), "sham_probe_auc": told_apart}
