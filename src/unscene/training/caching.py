"""Decode the photos of all pairs once, at the size that CLIP sees, for every arm, fold and seed."""

import pandas as pd

from unscene.clip.models import load_clip
from unscene.run.tables import read_table
from unscene.training.pairs import read_pairs
from unscene.training.photo_cache import write_cache

COLUMNS = ["edit_id", "original_path", "edited_path", "original_sha256", "edited_sha256"]


def cache_pairs(path_to_pairs, path_to_controls, path_to_clip, path_to_photos, path_to_index, workers):
    """Write photos.npy, uint8 (photos, side, side, 3), and photos.parquet, its rows; path_to_controls: sham edits, or None."""
    pair = read_pairs(path_to_pairs)
    if path_to_controls is not None:
        pair = pd.concat([pair, read_table(path_to_controls, ["edit_id", "original_path", "edited_path"])])
    pair = pair[[column for column in COLUMNS if column in pair]].reset_index(drop=True)
    write_cache(pair, load_clip(path_to_clip)[1], path_to_photos, path_to_index, workers)
