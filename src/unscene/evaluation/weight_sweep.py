"""Score the weights between the untuned and a tuned model, and choose how far to go on the inner
validation.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unscene.clip.models import load_clip
from unscene.evaluation.checkpoints import find_evaluated
from unscene.evaluation.columns.shared import WAYS
from unscene.evaluation.columns.sweeps import SWEEPS, SWEPT_ITEMS
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.evaluate_fold import identify_run
from unscene.evaluation.fold_scores import (
    embed_pairs,
    load_fold,
    load_untouched,
    score_fold,
    score_retrieval,
    score_untouched,
)
from unscene.evaluation.untouched_photos import read_untouched
from unscene.evaluation.wise_ft import choose_alpha
from unscene.folds.inner_validation import mark_inner
from unscene.machine.job import Job
from unscene.training.optimisation import interpolate_weights
from unscene.training.pairs import PairSet, TooFewPairs, read_pairs, split_pairs
from unscene.words.word_lists import find_vocabulary


@dataclass(frozen=True)
class Part:
    """Pairs and untouched photos on which weights are scored: those of the inner validation, or of
    the test fold.
    """

    pairs: PairSet
    photos: tuple[pd.DataFrame, np.ndarray, int]


def sweep_alphas(job: Job) -> None:
    """Write a row an alpha, and the tested pairs of the chosen alpha, as arm `{arm}_wise_ft`.

    The choice sees the inner validation alone; the test fold's metrics stand beside it. inputs:
    pairs, folds, photos, model (meta.json). outputs: sweep, item_table.
    """
    run = identify_run(job)
    model, preprocess, tokenizer = load_clip(job.find("train.clip"), job.device)
    vocabulary = find_vocabulary(job.settings)
    embedder = Embedder(model, preprocess, tokenizer, job.runtime["batch_size"], vocabulary=vocabulary)
    untuned = {name: value.clone() for name, value in model.state_dict().items()}
    tuned = load_clip(find_evaluated(job), job.device)[0].state_dict()

    def move(alpha: float) -> None:
        model.load_state_dict(interpolate_weights(untuned, tuned, alpha))

    inner, test = load_parts(job, embedder, run["fold"])
    alphas = sorted(job.settings["evaluate"]["alphas"])
    sweep, items = score_alphas(embedder, move, inner, test, alphas)
    chosen = choose_alpha(sweep)
    sweep = sweep.assign(chosen=sweep["alpha"] == chosen, **run)
    SWEEPS.write(sweep, job.outputs.sweep)
    SWEPT_ITEMS.write(
        items[chosen].assign(**{**run, "arm": f"{run['arm']}_wise_ft"}, alpha=chosen), job.outputs.item_table
    )
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: alpha %.1f, inner group score %.3f on %d pairs",
        *run.values(),
        chosen,
        sweep.loc[sweep["chosen"], "inner_group_score"].iloc[0],
        len(inner.pairs),
    )


def load_parts(job: Job, embedder: Embedder, fold: int) -> tuple[Part, Part]:
    """Return (inner validation, test fold) with their photos. Raises TooFewPairs when no group is in
    the inner validation.
    """
    inner_share, seed, workers = (
        job.settings["train"]["inner_share"],
        job.settings["seed"],
        job.runtime["workers"],
    )
    train, test = split_pairs(read_pairs(job.inputs.pairs, job.inputs.folds), fold)
    inner = train[mark_inner(train["group"], inner_share, seed)].reset_index(drop=True)
    if inner.empty:
        raise TooFewPairs(
            f"fold {fold}: no training group is in the inner validation; raise train.inner_share"
        )
    photo = read_untouched(job.inputs.photos, job.inputs.folds)
    of_inner = (photo["fold"] != fold) & mark_inner(photo["group"], inner_share, seed)
    return tuple(
        Part(load_fold(embedder, pair, workers), load_untouched(embedder, photo[where], workers))
        for pair, where in ((inner, of_inner), (test, photo["fold"] == fold))
    )


def score_alphas(
    embedder: Embedder, move: Callable[[float], None], inner: Part, test: Part, alphas: list[float]
) -> tuple[pd.DataFrame, dict[float, pd.DataFrame]]:
    """Return (a row an alpha: scores on the inner validation, every metric of the test fold; tested
    pairs by alpha).

    move: gives the embedder's model the weights of an alpha. inner_general: mean of recall at 1 both ways.
    """
    rows, items = [], {}
    for alpha in alphas:
        move(alpha)
        _, on_inner = score_fold(inner.pairs, embed_pairs(embedder, inner.pairs))
        general = np.nan
        if len(inner.photos[0]):
            photo, pixels, _ = inner.photos
            _, recalls = score_retrieval(embedder, photo, embedder.embed_photos(pixels))
            general = float(np.mean([recalls[f"{way}_recall_at_1"] for way in WAYS]))
        items[alpha], metrics = score_fold(test.pairs, embed_pairs(embedder, test.pairs))
        answers, _ = score_untouched(embedder, *test.photos)
        rows.append(
            {
                "alpha": float(alpha),
                "inner_group_score": on_inner["group_score"],
                "inner_general": general,
                "n_inner_pairs": on_inner["n_pairs"],
                "n_inner_photos": len(inner.photos[0]),
                **metrics,
                **answers.metrics,
            }
        )
    return pd.DataFrame(rows), items
