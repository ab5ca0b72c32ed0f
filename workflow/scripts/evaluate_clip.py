"""Score one model on the held-out pairs of its fold."""

import logging

import numpy as np
import pandas as pd

from unscene.clip_models import embed_photos, embed_texts, load_clip
from unscene.engine import prepare_torch
from unscene.pair_metrics import (
    list_phrases,
    rank_retrieval,
    score_classes,
    score_pairs,
    summarise_effects,
    summarise_pairs,
    summarise_ranks,
)
from unscene.pairs import HELD_OUT_CAPTION, find_long_pairs, load_pairs, read_pairs, split_pairs
from unscene.tables import write_json, write_table

SCORES = ["text_score", "image_score", "group_score"]
COSINES = ["cos_original_present", "cos_original_negated", "cos_edited_present", "cos_edited_negated"]


def evaluate_clip(
    path_to_pairs,
    path_to_folds,
    path_to_clip,
    path_to_metrics,
    path_to_items,
    arm,
    fold,
    seed,
    runtime,
    device,
    threads,
):
    """Write the metrics (JSON) and the tested pairs (parquet, a row each) of one arm, fold and training seed.

    Pairs with a caption longer than the model's context are left out and counted. A metric that the pairs do not allow
    (no held-out phrasing, no class with enough pairs) is null.
    """
    prepare_torch(device, threads)
    model, preprocess, tokenizer = load_clip(path_to_clip, device)
    _, pair = split_pairs(read_pairs(path_to_pairs, path_to_folds), fold)
    long = find_long_pairs(pair, tokenizer)
    pairs = load_pairs(pair[~long], preprocess, runtime["workers"])
    features = embed_pairs(model, preprocess, tokenizer, pairs, runtime["batch_size"])
    item = score_items(pairs.table, features)
    classes = score_classes(
        pairs.table["category"].to_numpy(), features["original"], features["edited"], features["phrases"]
    )
    metrics = {
        **summarise_items(item),
        "presence_auc": float(classes["presence_auc"].mean()),
        "absence_auc": float(classes["absence_auc"].mean()),
        "n_pairs": len(item),
        "n_groups": int(item["group"].nunique()),
        "n_photos": int(item["image_to_text_rank"].notna().sum()),
        "n_classes": len(classes),
        "n_pairs_too_long": int(long.sum()),
    }
    for position, (key, value) in enumerate((("arm", arm), ("fold", fold), ("seed", seed))):
        item.insert(position, key, value)
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: group score %.3f on %d pairs",
        arm,
        fold,
        seed,
        metrics["group_score"],
        len(item),
    )
    write_table(item, path_to_items, ["arm", "fold", "seed", "edit_id", *SCORES, *COSINES])
    write_json({"arm": arm, "fold": fold, "seed": seed, **metrics}, path_to_metrics)


def embed_pairs(model, preprocess, tokenizer, pairs, batch_size):
    """Return normalised features: `original`, `edited`, `present`, `without`, `negated`, `held_out` (None when the pairs have
    no such caption) (pairs, dim), and `phrases`: category -> (present, absent) (dim,)."""
    table = pairs.table
    photos = embed_photos(model, preprocess, pairs.photos, batch_size)
    columns = {"present": "caption_original", "without": "caption_without", "negated": "caption_negated"}
    if HELD_OUT_CAPTION in table:
        columns["held_out"] = HELD_OUT_CAPTION
    categories = list(pd.unique(table["category"]))
    phrases = [phrase for category in categories for phrase in list_phrases(category)]
    captions = [table[column].fillna("").astype(str) for column in columns.values()]
    texts = embed_texts(model, tokenizer, [*pd.concat(captions), *phrases], batch_size)
    parts = np.split(texts, [len(table) * (position + 1) for position in range(len(columns))])
    phrase = parts.pop()
    return {
        "original": photos[pairs.original_at],
        "edited": photos[pairs.edited_at],
        "held_out": None,
        **dict(zip(columns, parts, strict=True)),
        "phrases": {name: (phrase[2 * at], phrase[2 * at + 1]) for at, name in enumerate(categories)},
    }


def score_items(table, features):
    """Return one row a tested pair: ids, scores with each kind of negative caption, cosines, retrieval ranks.

    The columns ending in `_without` take the caption that does not name the object for the negated one, those ending in
    `_held_out_phrasing` a negation that no training caption used. half_truth: s(J,b) > s(J,a). Ranks stand at the
    first pair of each photo: retrieval is over the fold's untouched originals and their captions.
    """
    original, edited, present = features["original"], features["edited"], features["present"]
    item = pd.concat(
        [
            table[["edit_id", "image_id", "category", "group"]].reset_index(drop=True),
            score_pairs(original, edited, present, features["negated"]),
        ],
        axis=1,
    )
    without = score_pairs(original, edited, present, features["without"])
    item["half_truth"] = without["absence"]
    for name in SCORES:
        item[f"{name}_without"] = without[name]
    if features["held_out"] is not None:
        held_out = score_pairs(original, edited, present, features["held_out"])
        given = table[HELD_OUT_CAPTION].fillna("").astype(str).ne("").to_numpy()
        for name in SCORES:
            item[f"{name}_held_out_phrasing"] = held_out[name].astype("boolean").where(given)
    else:
        for name in SCORES:
            item[f"{name}_held_out_phrasing"] = pd.array([pd.NA] * len(item), dtype="boolean")
    first = (~table["image_id"].duplicated()).to_numpy()
    captions = table["caption_original"].to_numpy().astype(str)
    ranks = rank_retrieval(original[first], present[first], captions[first])
    for name, rank in zip(("image_to_text_rank", "text_to_image_rank"), ranks, strict=True):
        item[name] = np.nan
        item.loc[first, name] = rank
    return item


def summarise_items(item):
    """Return every metric of a model that is a mean over its tested pairs, by name."""
    shares = [
        *SCORES, "presence", "absence", "half_truth",
        *(f"{name}_without" for name in SCORES), *(f"{name}_held_out_phrasing" for name in SCORES),
    ]  # fmt: skip
    return {**summarise_pairs(item, shares), **summarise_effects(item), **summarise_ranks(item)}


if __name__ == "__main__":
    from unscene.checkout import resolve_path
    from unscene.devices import lease_device
    from unscene.logs import log_job

    with log_job(snakemake):
        weights = snakemake.params.lineage["settings"]["train"]["clip"]
        evaluate_clip(
            path_to_pairs=snakemake.input.pairs,
            path_to_folds=snakemake.input.folds,
            path_to_clip=[*snakemake.input.get("model"), resolve_path(weights)][0],
            path_to_metrics=snakemake.output.metrics,
            path_to_items=snakemake.output.item_table,
            arm=snakemake.wildcards.arm,
            fold=int(snakemake.wildcards.fold),
            seed=int(snakemake.wildcards.seed),
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
        )
