"""A tiny world to evaluate on, made once."""

import pytest

from tiny_clip import make_clip, make_pairs, make_photos, make_shams


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """(path of a tiny CLIP, inputs of an evaluation: pairs, folds, untouched photos, sham edits). Nothing
    of it may be changed: files of the room share it.
    """
    folder = tmp_path_factory.mktemp("world")
    pairs, folds = make_pairs(folder / "data", per_group=2)
    photos, sham = make_photos(folder, pairs, folds), make_shams(folder, pairs)
    return make_clip(folder / "clip"), {"pairs": pairs, "folds": folds, "photos": photos, "sham": sham}
