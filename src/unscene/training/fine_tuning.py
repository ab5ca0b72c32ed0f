"""Fine-tuning of CLIP on pairs: from the pairs and caches to the model's folder."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from unscene.clip.folders import ModelNotes, save_clip
from unscene.clip.models import embed_photos, embed_texts, get_normalisation, load_clip
from unscene.machine.batching import prepare_torch
from unscene.run.configuration import keeps_features, shows_sham
from unscene.run.counts import tell_count
from unscene.run.logs import library_version
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_table
from unscene.training.arms import rewrite_captions, swap_edits, take_fraction
from unscene.training.batches import CacheReader, Reading
from unscene.training.loop import Trainer
from unscene.training.loss_curve import draw_curve
from unscene.training.objectives import TERMS, list_pool_parts, reads_pairs
from unscene.training.optimisation import copy_weights, interpolate_weights
from unscene.training.pair_tars import TarReader, find_samples, hash_samples
from unscene.training.pairs import PairError, TooFewPairs, find_long_pairs
from unscene.training.photo_cache import open_cache
from unscene.training.pool_batches import PooledReader, PoolReader
from unscene.training.pool_texts import LABELLED
from unscene.training.pools import Pool, open_pool
from unscene.training.samplers import plan_batches
from unscene.training.state import StateFile
from unscene.training.trainings import Training, TrainingFiles
from unscene.training.workers import Workers

LOSS_NAME = "loss.csv"
LIBRARIES = ("torch", "open_clip_torch", "peft", "numpy", "safetensors")


@dataclass(frozen=True)
class ChosenPairs:
    """The pairs that an arm is trained on. table: a row a pair. sham: sham edits, a row a pair at
    least, or None.

    too_long: pairs left out since a caption is longer than the model's context. without_sham: left
    out since they have no sham edit.
    """

    table: pd.DataFrame
    sham: pd.DataFrame | None
    too_long: int
    without_sham: int


def fine_tune(
    pair: pd.DataFrame,
    training: Training,
    files: TrainingFiles,
    runtime: dict,
    device: str,
    threads: int,
    workers: Workers,
) -> None:
    """Train one arm on pairs and write the model folder: open_clip config and weights, meta.json,
    loss.csv, loss.svg.

    A run that was killed goes on from `files.state`.
    """
    prepare_torch(device, threads)
    model, preprocess, tokenizer = load_clip(files.clip, device)
    chosen = choose_pairs(pair, training, files, tokenizer)
    untuned = copy_weights(model) if "alpha" in training.arm else None  # before adapters are in it
    trainer = Trainer(model, training, get_normalisation(preprocess), runtime, workers)
    reading = Reading.of(model, tokenizer, training, trainer.texts, workers)
    reader, data_hash = open_reader(
        chosen, files, reading, partial(embed_photos, model, preprocess), runtime["workers"]
    )
    batches: CacheReader | TarReader | PooledReader = reader
    pool = None
    if "pool" in training.arm:
        batches, pool = open_pooled(reader, files, reading, partial(embed_texts, model, tokenizer))
        data_hash = f"{data_hash} {pool.get_data_hash()}"
    settings, table = training.settings, chosen.table
    shown = 2 * settings["steps"] * settings["batch_pairs"] * reads_pairs(training.arm["loss"])
    logging.getLogger("unscene").info(
        "%s on %s: %s of %d photos, %.1f passes",
        training.name,
        tell_count(len(table), "pair"),
        tell_count(settings["steps"], "step"),
        2 * settings["batch_pairs"],
        shown / (2 * len(table)),
    )
    belongs_to = {
        "lineage": training.digest,
        "data": data_hash,
        "seeds": [*training.seeds],
        "arm": training.name,
        "device": device,
        "precision": runtime["precision"],
        "processes": workers.size,
    }
    state = StateFile(files.state, belongs_to, runtime["save_seconds"])
    curve = trainer.train(batches, state)
    if workers.rank:
        return
    if untuned is not None:
        model.load_state_dict(interpolate_weights(untuned, model.state_dict(), training.arm["alpha"]))
    meta = {
        **describe_training(training, chosen),
        **describe_machine(device, runtime),
        "data_hash": data_hash,
        "samples_seen": int(shown) + settings["steps"] * training.arm.get("pool", 0),
        "pool_photos": 0 if pool is None else len(pool),
        "denied": list_denied(training, chosen, pool),
        "processes": workers.size,
        "precision": trainer.precision,
    }
    text = curve.to_csv(index=False, float_format="%.7g", lineterminator="\n")
    notes = ModelNotes(meta, {LOSS_NAME: text, "loss.svg": draw_curve(curve, training.name)})
    save_clip(model, files.clip, files.model, notes)
    state.clear()


def choose_pairs(pair: pd.DataFrame, training: Training, files: TrainingFiles, tokenizer) -> ChosenPairs:
    """Return the pairs as the arm takes them: its captions, its share of them, its edits, sham
    edits where it shows these.

    Raises TooFewPairs or PairError when none is left.
    """
    arm, seed = training.arm, training.seeds[0]
    if arm.get("captions") == "template":
        pair = rewrite_captions(pair, training.held_out_share, seed, training.vocabulary)
    pair = pair[~pair["category"].isin(training.withheld)]
    if pair.empty:
        raise TooFewPairs("every pair is of a category that the training may not deny (withheld)")
    long = find_long_pairs(pair, tokenizer)
    pair = pair[~long].reset_index(drop=True)
    if pair.empty:
        raise PairError("every pair has a caption longer than the context of train.clip")
    sham, without_sham = None, 0
    if shows_sham(arm):
        assert files.sham is not None, "a rule of such an arm has the sham edits as an input"
        sham = read_table(files.sham[0], ["sham_of", "edited_path"])
        has_sham = pair["edit_id"].isin(sham["sham_of"])
        pair, without_sham = pair[has_sham].reset_index(drop=True), int((~has_sham).sum())
        if pair.empty:
            raise TooFewPairs(f"{files.sham[0]}: no pair of this fold has a sham edit")
    if arm["images"] == "swapped":
        pair = swap_edits(pair, seed)
    pair = take_fraction(pair, arm.get("fraction", 1), seed)
    return ChosenPairs(pair, sham, int(long.sum()), without_sham)


def open_reader(
    chosen: ChosenPairs, files: TrainingFiles, reading: Reading, embed: Callable, workers: int
) -> tuple[CacheReader | TarReader, str]:
    """Return (what reads the batches, a SHA-256 over the data). embed: photos -> features, for a
    frozen image tower.
    """
    settings, arm, pair = reading.training.settings, reading.training.arm, chosen.table
    if settings["reader"] == "tars":
        samples = find_samples(files.index, set(pair["edit_id"]))
        return TarReader(files.photos, samples, reading, workers), hash_samples(samples)
    training_set = open_cache(pair, files.photos, files.index)
    if chosen.sham is not None and files.sham is not None:
        training_set = training_set.with_shams(chosen.sham, *files.sham[1:])
    if keeps_features(arm):
        # Every photo has one feature from the first step to the last.
        training_set = training_set.embed(embed)
    plan = plan_batches(
        pair["group"].to_numpy(),
        settings["steps"],
        settings["batch_pairs"],
        arm["batches"],
        derive_seed(*reading.training.seeds),
        pair["category"].to_numpy(),
    )
    return CacheReader(training_set, plan, reading), training_set.get_data_hash()


def open_pooled(
    reader: CacheReader | TarReader, files: TrainingFiles, reading: Reading, embed: Callable
) -> tuple[PooledReader, Pool]:
    """Return (the reader with batches of the pool beside those of pairs, the pool).

    embed: texts -> features of the untuned model.
    """
    assert files.pool is not None, "a rule of such an arm has the pool as an input"
    pool = open_pool(files.pool, reading.training, reading.tokenizer)
    parts = list_pool_parts(reading.training.arm["loss"], reading.training.starts)
    if LABELLED.intersection(parts) and not len(pool.find_labelled()):
        raise TooFewPairs(
            f"{files.pool.table}: no word has enough pool photos with it and without it; give the pool's"
            " source instances, or leave the terms across_* out"
        )
    return PooledReader(reader, PoolReader(pool, reading, parts, embed)), pool


def list_denied(training: Training, chosen: ChosenPairs, pool: Pool | None) -> list[str]:
    """Return the words that this training denies of photos: of its pairs, where it tells of them by
    negated captions, and of the labels of its pool. What a text-only teacher tells of counts as not
    denied, since no photo says so.
    """
    arm = training.arm
    of_pairs = arm["texts"] == "negated" and any(not TERMS[name].pool for name in arm["loss"])
    denied = set(chosen.table["category"]) if of_pairs else set()
    if pool is not None and LABELLED.intersection(list_pool_parts(arm["loss"])):
        denied |= {list(training.vocabulary)[place] for place in pool.find_labelled()}
    return training.vocabulary.sort(denied)


def describe_training(training: Training, chosen: ChosenPairs) -> dict:
    """Return what meta.json tells of the training and its pairs."""
    seed, fold, training_seed = training.seeds
    return {
        "arm": training.name,
        "arm_settings": training.arm,
        "fold": fold,
        "training_seed": training_seed,
        "seed": seed,
        "train_settings": training.settings,
        "settings_hash": training.digest,
        "pairs": len(chosen.table),
        "groups": int(chosen.table["group"].nunique()),
        "pairs_too_long": chosen.too_long,
        "pairs_without_sham": chosen.without_sham,
        "steps": training.settings["steps"],
        "loss_curve": LOSS_NAME,
    }


def describe_machine(device: str, runtime: dict) -> dict:
    """Return what meta.json tells of the machine: what may move a last bit, and is no setting."""
    import torch

    return {
        "device": device,
        "threads": torch.get_num_threads(),
        "chunk_pairs": runtime["chunk_pairs"],
        "versions": {library: library_version(library) for library in LIBRARIES},
    }
