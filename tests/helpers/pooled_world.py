"""A tiny CLIP, its pairs, and a pool of ordinary photos whose objects are known."""

import numpy as np
import pandas as pd

from tiny_clip import PAIRED, RUNTIME, SETTINGS, make_caches, make_clip, make_pairs, make_training
from unscene.clip.models import load_clip
from unscene.folds.columns import LEAKS
from unscene.machine.job import Job
from unscene.pool.columns import POOL
from unscene.run.shards import file_sha256
from unscene.training.pool_cache import cache_pool, embed_pool
from unscene.training.pool_texts import PoolWriter
from unscene.training.pools import open_pool
from unscene.training.train_fold import train_clip
from unscene.training.trainings import PoolFiles, Training
from unscene.words.coco80 import COCO80
from unscene.words.denial_grammar import read_grammar

WORDS = ("dog", "cat", "car")
LOSS = {
    "rank": 1,
    "across_bare": 1,
    "across_scene": 1,
    "across_query": 1,
    "text_teacher": 1,
    "pool_keep": 5,
    "pool_infonce": 1,
}
ABSENCE = {**PAIRED, "freeze": "image", "views": "whole", "pool": 8, "loss": LOSS}


def make_pool(folder, photos=30):
    """Write a pool of photos with one or two of three objects, on every fifth of which nobody knows
    of a car; return the inputs of a training that name it.
    """
    from PIL import Image

    rng = np.random.default_rng(3)
    folder.mkdir(parents=True)
    rows = []
    for number in range(photos):
        path = folder / f"pool{number}.png"
        Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(path)
        present = sorted({WORDS[number % 3], WORDS[number // 3 % 3]}, key=COCO80.places.__getitem__)
        named = present[: 1 + number % 2]
        rows.append(
            {
                "image_id": f"pool_{number:02d}",
                "source": "pool",
                "path": str(path),
                "sha256": "",
                "phash": "0" * 16,
                "captions": [f"a {named[0]} in field {number}", "an empty field"],
                "named": named,
                "present": present,
                "unknown": ["car"] if number % 5 == 0 and "car" not in present else [],
                "objects_from": "instances",
            }
        )
    POOL.write(POOL.frame(rows), folder / "pool.parquet")
    return folder / "pool.parquet"


def make_pool_world(folder):
    """Return (the folder of a tiny CLIP, the inputs of a training with a pool, the cache of its photos)."""
    clip, (pairs, folds) = make_clip(folder / "clip"), make_pairs(folder / "data")
    table = make_pool(folder / "pool")
    config = {"train": {"clip": str(clip)}}
    cache = {"photos": folder / "pool.npy", "index": folder / "pool_photos.parquet"}
    pool = pd.read_parquet(table)
    POOL.write(pool.assign(sha256=[file_sha256(path) for path in pool["path"]]), table)
    cache_pool(Job(inputs={"pool": table}, outputs=cache, config=config))
    features = folder / "features.npy"
    embed_pool(
        Job(
            inputs={"photos": cache["photos"]}, outputs={"features": features}, config=config, runtime=RUNTIME
        )
    )
    leaks = folder / "leaks.parquet"
    LEAKS.write(LEAKS.frame([]), leaks)
    inputs = {"pairs": pairs, "folds": folds, "leaks": leaks, **make_caches(folder / "data", clip, pairs)}
    inputs |= {"pool": table, "pool_photos": features, "pool_index": cache["index"]}
    return clip, inputs, cache["photos"]


def get_pool(world, arm=ABSENCE, withheld=()):
    clip, inputs, _ = world
    files = PoolFiles(inputs["pool"], inputs["pool_photos"], inputs["pool_index"])
    training = Training("own", arm, SETTINGS, (7, 0, 0), withheld=frozenset(withheld))
    return open_pool(files, training, load_clip(clip)[2]), training


def train(world, folder, arm=ABSENCE, inputs=None, **changes):
    clip, known, _ = world
    train_clip(make_training(arm, folder, clip, known | (inputs or {}), **changes))
    return folder


def read_weights(folder):
    return load_clip(folder)[0].state_dict()


def start_at_once(*parts):
    """Parts of the pool's texts that are read from the first step on."""
    return dict.fromkeys(parts, 0)


def write_texts(world, parts=("captions", "bare", "scene", "query", "taught"), step=0, rows=None):
    pool, training = get_pool(world)
    nouns = ["zebra", "kite"] if "taught" in parts else []
    writer = PoolWriter(pool, read_grammar(), training.seeds, start_at_once(*parts), nouns)
    return pool, writer.write(step, np.arange(20) if rows is None else rows)
