"""The tiny worlds of the trainings' tests, each made once."""

import pytest

from pooled_world import make_pool_world
from tiny_clip import make_caches, make_clip, make_pairs, make_shams
from training_world import World, write_leaks


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Nothing of it may be changed: all files of the room share it."""
    folder = tmp_path_factory.mktemp("world")
    clip, (pairs, folds) = make_clip(folder / "clip"), make_pairs(folder / "data")
    sham = make_shams(folder / "data", pairs)
    inputs = {"pairs": pairs, "folds": folds, "leaks": write_leaks(folder / "leaks.parquet")}
    return World(clip, pairs, folds, sham, {**inputs, **make_caches(folder / "data", clip, pairs, sham)})


@pytest.fixture(scope="session")
def pool_world(tmp_path_factory):
    """The same for trainings with a pool."""
    return make_pool_world(tmp_path_factory.mktemp("pool_world"))
