"""A tiny world to train in: a CLIP, pairs with their folds and sham edits, and ways into a training."""

from dataclasses import dataclass
from pathlib import Path

from tiny_clip import ARMS, PAIRED, RUNTIME, make_training
from unscene.clip.models import get_normalisation, load_clip
from unscene.folds.columns import LEAKS
from unscene.run.tables import read_table
from unscene.training.batches import CacheReader, Reading
from unscene.training.loop import Trainer
from unscene.training.objectives import list_texts
from unscene.training.pairs import read_pairs
from unscene.training.photo_cache import open_cache
from unscene.training.samplers import plan_batches
from unscene.training.train_fold import train_clip
from unscene.training.trainings import Training

WEIGHTS = "open_clip_model.safetensors"
EXTRA_ARMS = {
    "text_negatives": {**ARMS["originals"], "texts": "negated", "loss": {"negclip": 1}},
    "similar": {**PAIRED, "batches": "similar", "loss": {"infonce": 1}},
    "sham": {**PAIRED, "images": "sham", "loss": {"mask": 1, "rank": 0.5, "keep": 1}},
    "swapped": {**PAIRED, "images": "swapped", "loss": {"mask": 1, "rank": 0.5}},
    "sham_positives": {**PAIRED, "images": "sham_positives", "loss": {"mask": 1}},
    "triplet": {**PAIRED, "loss": {"triplet": 1}},
    "conclip": {**PAIRED, "loss": {"conclip": 1}},
    "preference": {**PAIRED, "loss": {"dpo": 1, "keep": 1}},
    "choice": {**PAIRED, "loss": {"mask": 1, "rank": 0.5, "keep": 1, "mcq": 0.01}},
    "teacher": {**PAIRED, "loss": {"mask": 1, "teacher": 0.005}, "ema_decay": 0.9},
    "fraction": {**PAIRED, "loss": {"infonce": 1}, "fraction": 0.5},
}


@dataclass
class World:
    """A tiny CLIP, pairs with their folds and sham edits, and the inputs of a training on them."""

    clip: Path
    pairs: Path
    folds: Path
    sham: Path
    inputs: dict


def write_leaks(path, groups=()):
    """Write leaks.parquet: photos of these groups are in an evaluation set."""
    LEAKS.write(
        LEAKS.frame(
            {"group": group, "image_id": "x", "guard": "coco", "reason": "id", "detail": ""}
            for group in groups
        ),
        path,
    )
    return path


def train(world, path_to_model, arm="paired", inputs=None, **changes):
    """Train an arm (a name, or its entry) of the tiny world and return the model folder."""
    train_clip(make_training(arm, path_to_model, world.clip, world.inputs | (inputs or {}), **changes))
    return path_to_model


def open_all(world):
    """Return the training set of all pairs, with their sham edits."""
    cache, pair = world.inputs, read_pairs(world.pairs)
    training_set = open_cache(pair, cache["photos"], cache["index"])
    return training_set.with_shams(read_table(world.sham), cache["sham_photos"], cache["sham_index"])


def open_training(world, arm, settings, runtime=None, seeds=(1, 2, 3)):
    """Return (trainer, reader) on all pairs of the tiny world."""
    model, preprocess, tokenizer = load_clip(world.clip)
    training_set = open_all(world)
    pair = training_set.table
    plan = plan_batches(
        pair["group"].to_numpy(),
        settings["steps"],
        settings["batch_pairs"],
        arm["batches"],
        1,
        pair["category"].to_numpy(),
    )
    training = Training("own", arm, settings, seeds)
    trainer = Trainer(model, training, get_normalisation(preprocess), {**RUNTIME, **(runtime or {})})
    reading = Reading.of(model, tokenizer, training, list_texts(arm["loss"]))
    return trainer, CacheReader(training_set, plan, reading)
