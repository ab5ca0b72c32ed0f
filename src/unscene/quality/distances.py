"""Measure, class by class, how far the accepted edits lie, as a set, from real photos without the class."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from unscene.keywords.columns import KEYWORDS
from unscene.machine.batching import cut_batches
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.photos.images import PhotoError, read_photo
from unscene.quality.columns import DISTANCES, PAIRS
from unscene.quality.kernel_distances import measure_cmmd, measure_kid
from unscene.run.checkout import resolve_path
from unscene.run.logs import progress
from unscene.run.seeds import derive_seed
from unscene.samples.columns import SAMPLES

MIN_PHOTOS = 20  # of each side; fewer say nothing about a set
MOST_PHOTOS = 2000  # of each side: distances are stable by then, and photos are read once more for this


def measure_distances(job: Job) -> None:
    """Write a row a category: KID and CMMD of its accepted edits against photos without it, and of
    the originals likewise.

    An edit that removes the object well lies nearer to photos that never had it than its original
    does (class-wise FID* of arXiv 2404.11104, with KID and CMMD, which need fewer photos). inputs:
    samples, keywords, masks, pairs; outputs: table.
    """
    seed = job.settings["seed"]
    choice = choose_sets(job, seed)
    wanted = {
        path
        for part, without in choice.values()
        for path in (*part["original_path"], *part["edited_path"], *without["path"])
    }
    embed = load_embedder(job.get_path("train.clip"), job.device, job.runtime["batch_size"])
    features = embed(sorted(wanted))
    rows = [compare(category, part, without, features, seed) for category, (part, without) in choice.items()]
    table = DISTANCES.frame(rows)
    DISTANCES.write(table, job.outputs.table)
    logging.getLogger("unscene").info("%s", table.to_string())


def choose_sets(job: Job, seed: int) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Return {category: (its pairs, photos on which neither captions nor detector know it)}, each
    at most MOST_PHOTOS rows.
    """
    sample = SAMPLES.read(job.inputs.samples, ["image_id", "path"])
    keyword = KEYWORDS.read(job.inputs.keywords, ["image_id", "words"])
    mask = MASKS.read(job.inputs.masks, ["image_id", "category"])
    pair = PAIRS.read(job.inputs.pairs, ["edit_id", "category", "original_path", "edited_path"])
    named = {
        category: set(images)
        for category, images in keyword.explode("words").dropna().groupby("words")["image_id"]
    }
    seen = {category: set(images) for category, images in mask.groupby("category")["image_id"]}
    choice = {}
    for category, part in pair.groupby("category", sort=True):
        without = sample[~sample["image_id"].isin(named.get(category, set()) | seen.get(category, set()))]
        choice[category] = (choose(part, "edit_id", seed), choose(without, "image_id", seed))
    return choice


def choose(frame: pd.DataFrame, name: str, seed: int) -> pd.DataFrame:
    """Return at most MOST_PHOTOS rows, by the hash of their id."""
    key = frame[name].map(lambda value: derive_seed(seed, "sets", value))
    return frame.assign(_key=key).sort_values("_key", kind="stable").head(MOST_PHOTOS)


def compare(category: str, part: pd.DataFrame, without: pd.DataFrame, features: dict, seed: int) -> dict:
    """Return the row of one category."""
    sets = [
        np.array([features[path] for path in paths if path in features])
        for paths in (without["path"], part["edited_path"], part["original_path"])
    ]
    row = {
        "category": category,
        "edits": len(sets[1]),
        "photos": len(sets[0]),
        "status": "ok",
        "reason": None,
    }
    if min(map(len, sets)) < MIN_PHOTOS:
        return row | {
            "status": "skipped",
            "reason": f"fewer than {MIN_PHOTOS} edits or photos without the class",
        }
    real, edited, original = sets
    draw = derive_seed(seed, category) % 2**31
    row["kid"], row["kid_sd"] = measure_kid(real, edited, draw)
    row["kid_original"], _ = measure_kid(real, original, draw)
    row["cmmd"], row["cmmd_original"] = measure_cmmd(real, edited), measure_cmmd(real, original)
    return row


def load_embedder(path_to_clip: str | Path, device: str, batch_size: int):
    """Return a function of paths that returns {path: normalised CLIP feature}, without those that
    cannot be read.
    """
    from unscene.clip.models import embed_photos, load_clip, resize_photo

    model, preprocess, _ = load_clip(resolve_path(path_to_clip), device=device)

    def embed(paths: list[str]) -> dict[str, np.ndarray]:
        features: dict[str, np.ndarray] = {}
        for batch in cut_batches(
            progress(paths, total=len(paths), desc="photos of the sets", unit="photo"), batch_size
        ):
            photos = {}
            for path in batch:
                try:
                    image: Image.Image = read_photo(path)
                    photos[path] = resize_photo(preprocess, image)
                except PhotoError as error:
                    logging.getLogger("unscene").warning("%s is left out of its sets: %s", path, error)
            if photos:
                found = embed_photos(model, preprocess, np.stack(list(photos.values())), batch_size)
                features |= dict(zip(photos, found, strict=True))
        return features

    return embed
