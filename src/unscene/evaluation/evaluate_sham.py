"""Score one model on the sham edits of its fold: a rule of its own, so that sham edits re-run no
other evaluation.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from PIL import Image

from unscene.clip.models import resize_photo
from unscene.evaluation.checkpoints import find_evaluated
from unscene.evaluation.columns.shams import SHAMS
from unscene.evaluation.embedders import Embedder, decode_photos
from unscene.evaluation.evaluate_fold import identify_run
from unscene.evaluation.sham_metrics import carry_fill, score_carried, score_shams, summarise_shams
from unscene.evaluation.shortcuts import describe_pictures, probe_features, probe_pairs
from unscene.folds.columns import FOLDS
from unscene.machine.job import Job
from unscene.photos.images import read_mask, read_photo
from unscene.run.counts import tell_count
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
    "mask_path",
    "sham_kind",
    "of_attempt",
]


def evaluate_sham(job: Job) -> None:
    """Write the metrics (JSON) and a row a sham edit, of one arm, fold and training seed.

    inputs: sham, pairs (whose fills are carried), folds, model (meta.json, or None for train.clip).
    outputs: metrics, sham_table. A fold without sham edits has null metrics.
    """
    run = identify_run(job)
    query_weight, vocabulary = job.entry("arm").get("query_weight"), find_vocabulary(job.settings)
    embedder = Embedder.load(
        find_evaluated(job), job.device, job.runtime["batch_size"], query_weight, vocabulary
    )
    fold = FOLDS.read(job.inputs.folds).drop_duplicates("group").set_index("group")["fold"]
    sham = read_table(job.inputs.sham, SHAM_COLUMNS, only=True)
    sham = sham[sham["group"].map(fold) == run["fold"]].sort_values("edit_id", ignore_index=True)
    pair = read_table(job.inputs.pairs, ["edit_id", "edited_path", "mask_path"], only=True)
    pair = pair.set_index("edit_id").reindex(sham["sham_of"]).reset_index(drop=True)
    item, metrics = score_sham_edits(embedder, sham, pair, job.runtime["workers"])
    SHAMS.write(item.assign(**run), job.outputs.sham_table)
    write_json({**run, **metrics}, job.outputs.metrics)
    logging.getLogger("unscene").info(
        "%s, fold %d, seed %d: %s, flip rate %s",
        *run.values(),
        tell_count(len(item), "sham edit"),
        metrics["sham_flip_rate"],
    )


def score_sham_edits(
    embedder: Embedder, sham: pd.DataFrame, pair: pd.DataFrame, workers: int
) -> tuple[pd.DataFrame, dict]:
    """Return (a row a sham edit, metrics). pair: `edited_path mask_path` of each one's own edit, null
    where it is no pair.
    """
    columns = ["edit_id", "sham_of", "category", "group", "sham_kind", "of_attempt"]
    if sham.empty:
        item = pd.DataFrame(columns=SHAMS.names).drop(columns=["arm", "fold", "seed"])
        probes = dict.fromkeys(
            ("sham_probe_auc", "paired_sham_probe_auc", "paired_simple_sham_probe_auc"), float("nan")
        )
        return item, {**summarise_shams(item), **probes}
    pixels = {
        "original": read_pixels(embedder, sham["original_path"], workers),
        "sham": read_pixels(embedder, sham["edited_path"], workers),
    }
    has_pair = pair["edited_path"].notna().to_numpy()
    pixels["edited"] = pixels["original"].copy()
    if has_pair.any():
        pixels["edited"][has_pair] = read_pixels(embedder, pair.loc[has_pair, "edited_path"], workers)
    pixels["carried"], is_carried = carry_fills(embedder, sham, pair, pixels["original"], workers)
    features = {name: embedder.embed_photos(photos) for name, photos in pixels.items()}
    features["present"] = embedder.embed_texts(sham["caption_original"])
    features["negated"] = embedder.embed_texts(sham["caption_negated"])
    own = score_shams(features["original"], features["sham"], features["present"], features["negated"])
    carried = score_carried(features, has_pair, is_carried, own["sham_pull"])
    item = pd.concat([sham[columns], own, carried], axis=1)
    sides = features["original"], features["sham"]
    simple = describe_pictures(pixels["original"]), describe_pictures(pixels["sham"])
    group = sham["group"].to_numpy()
    return item, {
        **summarise_shams(item),
        "sham_probe_auc": probe_features(*sides, group),
        "paired_sham_probe_auc": probe_pairs(*sides, group),
        "paired_simple_sham_probe_auc": probe_pairs(*simple, group),
    }


def read_pixels(embedder: Embedder, paths: pd.Series, workers: int) -> np.ndarray:
    """Return photos at the model's size, uint8 (photos, side, side, 3). Raises PairError when one
    cannot be read.
    """
    pixels, position, reasons = decode_photos(list(paths), embedder.preprocess, workers)
    if (position < 0).any():
        bad = int(np.flatnonzero(position < 0)[0])
        raise PairError(f"{paths.iloc[bad]}: {reasons[bad]}; delete the folder of the stage that wrote it")
    return pixels[position]


def carry_fills(
    embedder: Embedder, sham: pd.DataFrame, pair: pd.DataFrame, original: np.ndarray, workers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (each original with its edit's fill in the sham edit's hole, at the model's size; which
    of them have it): the others are the originals, `original` (sham edits, side, side, 3).
    """

    def carry(row: int) -> np.ndarray | None:
        if pd.isna(pair["edited_path"].iloc[row]):
            return None
        photo, edited = (
            np.asarray(read_photo(path))
            for path in (sham["original_path"].iloc[row], pair["edited_path"].iloc[row])
        )
        masks = read_mask(pair["mask_path"].iloc[row]), read_mask(sham["mask_path"].iloc[row])
        carried = carry_fill(photo, edited, *masks)
        return None if carried is None else resize_photo(embedder.preprocess, Image.fromarray(carried))

    with ThreadPoolExecutor(max(1, workers)) as pool:
        found = list(pool.map(carry, range(len(sham))))
    is_carried = np.array([photo is not None for photo in found])
    shown = [own if photo is None else photo for photo, own in zip(found, original, strict=True)]
    return np.stack(shown), is_carried
