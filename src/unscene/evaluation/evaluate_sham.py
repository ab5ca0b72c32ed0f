"""Score one model on the sham edits of its fold: a rule of its own, so that sham edits re-run no
other evaluation.
"""

import logging

import numpy as np
import pandas as pd

from unscene.evaluation.checkpoints import find_evaluated
from unscene.evaluation.columns import SHAMS
from unscene.evaluation.embedders import Embedder, decode_photos
from unscene.evaluation.evaluate_fold import identify_run
from unscene.evaluation.sham_metrics import score_shams, summarise_shams
from unscene.evaluation.shortcuts import probe_features
from unscene.folds.columns import FOLDS
from unscene.machine.job import Job
from unscene.run.tables import read_table, write_json
from unscene.training.pairs import PairError
from unscene.words.word_lists import find_vocabulary

SHAM_COLUMNS = [
    "edit_id",
    "sham_of",
    "category",
    "group",
    "original_path",
    "edited_path",
    "caption_original",
    "caption_negated",
]


def evaluate_sham(job: Job) -> None:
    """Write the metrics (JSON) and a row a sham edit, of one arm, fold and training seed.

    inputs: sham, folds, model (meta.json, or None for train.clip). outputs: metrics, sham_table. A
    fold without sham edits has null metrics.
    """
    run = identify_run(job)
    query_weight, vocabulary = job.entry("arm").get("query_weight"), find_vocabulary(job.settings)
    embedder = Embedder.load(
        find_evaluated(job), job.device, job.runtime["batch_size"], query_weight, vocabulary
    )
    fold = FOLDS.read(job.inputs.folds).drop_duplicates("group").set_index("group")["fold"]
    sham = read_table(job.inputs.sham, SHAM_COLUMNS, only=True)
    sham = sham[sham["group"].map(fold) == run["fold"]].sort_values("edit_id", ignore_index=True)
    item, metrics = score_sham_edits(embedder, sham, job.runtime["workers"])
    SHAMS.write(item.assign(**run), job.outputs.sham_table)
    write_json({**run, **metrics}, job.outputs.metrics)
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: %d sham edits, flip rate %s",
        *run.values(),
        len(item),
        metrics["sham_flip_rate"],
    )


def score_sham_edits(embedder: Embedder, sham: pd.DataFrame, workers: int) -> tuple[pd.DataFrame, dict]:
    """Return (a row a sham edit, metrics)."""
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
