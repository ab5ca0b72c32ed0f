"""The pool's cache: a row of photos and of features stands for the row of pool.parquet of its number."""

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from tiny_clip import make_clip
from unscene.machine.job import Job
from unscene.photos.images import write_png
from unscene.pool.columns import POOL
from unscene.run.shards import file_sha256
from unscene.training.columns import POOL_PHOTOS
from unscene.training.pool_cache import cache_pool, embed_pool

RUNTIME = {"device": "cpu", "batch_size": 3, "workers": 1, "precision": "float32", "devices": 1}
COUNT = 7


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A function of a pool's rows that makes cache and features; the run is the current folder."""
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "clip")

    def run(rows):
        POOL.write(POOL.frame(rows), "pool.parquet")
        config = {"train": {"clip": str(tmp_path / "clip")}}
        files = {"photos": "pool.npy", "index": "pool_photos.parquet"}
        cache_pool(Job({"pool": "pool.parquet"}, files, runtime=RUNTIME, config=config))
        embed_pool(Job({"photos": "pool.npy"}, {"features": "features.npy"}, {}, RUNTIME, config=config))
        return np.load("pool.npy"), POOL_PHOTOS.read("pool_photos.parquet"), np.load("features.npy")

    return run


def list_rows() -> list[dict]:
    rng = np.random.default_rng(3)
    rows = []
    for number in (*range(3, COUNT), *range(3)):  # in another order than the names
        path = f"{number}.png"
        write_png(rng.integers(0, 256, (40, 40, 3), np.uint8), path)
        texts = {name: [] for name in ("captions", "named", "present", "unknown")}
        rows.append({**texts, "image_id": f"p_{number}", "path": path, "sha256": file_sha256(path)})
        rows[-1] |= dict.fromkeys(("source", "phash", "objects_from"), "-")
    return rows


def test_rows_follow_the_pool_and_features_are_open_clips_own(make, tmp_path):
    rows = list_rows()
    photos, index, features = make(rows)
    assert index["path"].tolist() == [row["path"] for row in rows]
    assert len(photos) == COUNT and features.dtype == np.float32
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'clip'}")
    model.eval()
    batch = torch.stack([preprocess(Image.open(row["path"])) for row in rows])
    with torch.no_grad():
        wanted = model.encode_image(batch, normalize=True).numpy()
    assert np.allclose(features, wanted, atol=1e-5)


def test_a_photo_that_changed_since_it_was_listed_is_named(make):
    rows = list_rows()
    write_png(np.zeros((40, 40, 3), np.uint8), rows[2]["path"])
    with pytest.raises(ValueError, match=f"{rows[2]['path']}: its content changed"):
        make(rows)
