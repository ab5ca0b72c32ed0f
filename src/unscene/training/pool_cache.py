"""The pool's photos at the model's size, decoded once, and their features by the untuned image tower."""

import numpy as np

from unscene.clip.models import embed_photos, load_clip
from unscene.machine.job import Job
from unscene.pool.columns import POOL
from unscene.run.offline import stay_offline
from unscene.run.tables import replaced_atomically
from unscene.training.columns import POOL_PHOTOS
from unscene.training.photo_cache import EMBEDDED_AT_ONCE, write_photos


def cache_pool(job: Job) -> None:
    """Write the photos of the pool, uint8 (photos, side, side, 3), and the table of its rows.

    A row stands for the row of pool.parquet with the same number. inputs: pool; outputs: photos,
    index. Raises PairError or ValueError, naming the photo, when one is gone or has other content.
    """
    pool = POOL.read(job.inputs.pool, ["path", "sha256"])
    preprocess = load_clip(job.get_path("train.clip"))[1]
    hashes = dict(zip(pool["path"], pool["sha256"], strict=True))
    paths = pool["path"].tolist()
    index = write_photos(paths, hashes, preprocess, job.outputs.photos, job.threads)
    POOL_PHOTOS.write(index, job.outputs.index)


def embed_pool(job: Job) -> None:
    """Write the normalised features of the pool's photos by train.clip, float32 (photos, dim), in
    the order of pool.parquet. inputs: photos; outputs: features.
    """
    stay_offline()
    photos = np.load(job.inputs.photos, mmap_mode="r")
    model, preprocess, _ = load_clip(job.get_path("train.clip"), job.device)
    starts = range(0, len(photos), EMBEDDED_AT_ONCE)
    features = [
        embed_photos(model, preprocess, photos[start : start + EMBEDDED_AT_ONCE], job.runtime["batch_size"])
        for start in starts
    ]
    with replaced_atomically(job.outputs.features) as temporary, open(temporary, "wb") as file:
        np.save(file, np.concatenate(features).astype(np.float32))
