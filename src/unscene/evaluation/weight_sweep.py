"""Score the weights between the untuned and a tuned model, and choose how far to go on the inner validation."""

import logging

import numpy as np
import pandas as pd

from unscene.clip.models import load_clip
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.fold_scores import (
    embed_pairs,
    load_fold,
    load_untouched,
    score_fold,
    score_untouched,
)
from unscene.evaluation.wise_ft import choose_alpha, interpolate_weights, mark_inner
from unscene.machine.batching import prepare_torch
from unscene.run.tables import read_table, write_table
from unscene.training.pairs import PairError, read_pairs, split_pairs


def sweep_alphas(
    path_to_pairs, path_to_folds, path_to_photos, path_to_untuned, path_to_tuned, path_to_sweep, path_to_items, arm, fold,
    training_seed, alphas, inner_share, seed, runtime, device, threads,
):  # fmt: skip
    """Write a row an alpha (`arm fold seed alpha chosen inner_group_score inner_general` and every metric of the test fold), and the
    tested pairs of the chosen alpha, as arm `{arm}_wise_ft`.

    inner_general: mean of recall at 1 both ways on the untouched photos of the inner validation. The choice sees the inner
    validation alone; the test fold's metrics stand beside it.
    """
    prepare_torch(device, threads)
    train, test = split_pairs(read_pairs(path_to_pairs, path_to_folds), fold)
    inner = train[mark_inner(train["group"], inner_share, seed)].reset_index(drop=True)
    if inner.empty:
        raise PairError(f"fold {fold}: no training group is in the inner validation; raise train.inner_share")
    photo = read_table(path_to_photos)
    of_inner = (photo["fold"] != fold) & mark_inner(photo["group"], inner_share, seed)
    model, preprocess, tokenizer = load_clip(path_to_untuned, device)
    untuned = {name: value.clone() for name, value in model.state_dict().items()}
    tuned = load_clip(path_to_tuned, device)[0].state_dict()
    embedder = Embedder(model, preprocess, tokenizer, runtime["batch_size"])
    inner_pairs, pairs = (load_fold(embedder, part, runtime["workers"]) for part in (inner, test))
    inner_photos, photos = (
        load_untouched(embedder, photo[part], runtime["workers"])
        for part in (of_inner, photo["fold"] == fold)
    )
    rows, items = [], {}
    for alpha in sorted(alphas):
        model.load_state_dict(interpolate_weights(untuned, tuned, alpha))
        _, on_inner = score_fold(inner_pairs, embed_pairs(embedder, inner_pairs))
        general = np.nan
        if len(inner_photos[0]):
            *_, of_photos = score_untouched(embedder, *inner_photos)
            ways = ("image_to_text", "text_to_image")
            general = float(np.mean([of_photos[f"untouched_{way}_recall_at_1"] for way in ways]))
        items[alpha], metrics = score_fold(pairs, embed_pairs(embedder, pairs))
        *_, of_photos = score_untouched(embedder, *photos)
        rows.append(
            {
                "arm": arm, "fold": fold, "seed": training_seed, "alpha": float(alpha),
                "inner_group_score": on_inner["group_score"], "inner_general": general, "n_inner_pairs": on_inner["n_pairs"],
                "n_inner_photos": len(inner_photos[0]), **metrics, **of_photos,
            }
        )  # fmt: skip
    sweep = pd.DataFrame(rows)
    chosen = choose_alpha(sweep)
    sweep.insert(4, "chosen", sweep["alpha"] == chosen)
    item = items[chosen]
    for position, (key, value) in enumerate(
        (("arm", f"{arm}_wise_ft"), ("fold", fold), ("seed", training_seed), ("alpha", chosen))
    ):
        item.insert(position, key, value)
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: alpha %.1f, inner group score %.3f on %d pairs", arm, fold, training_seed, chosen,
        sweep.loc[sweep["chosen"], "inner_group_score"].iloc[0], len(inner),
    )  # fmt: skip
    write_table(sweep, path_to_sweep)
    write_table(item, path_to_items)
