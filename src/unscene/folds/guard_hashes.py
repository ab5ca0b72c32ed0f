"""Hash the photos of a leak guard's folder, once."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from unscene.folds.leak_guards import GuardError
from unscene.photos.images import PhotoError, perceptual_hash, read_photo
from unscene.run.tables import write_table

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def hash_guarded_photos(path_to_images, path_to_hashes, workers):
    """Write `name phash` of every photo in a folder and its folders; a photo that cannot be read has no hash."""
    root = Path(path_to_images)
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    if not paths:
        raise GuardError(f"folds.leak_guards: no photo in {root}")

    def hash_photo(path):
        try:
            return perceptual_hash(read_photo(path))
        except PhotoError:
            return None

    with ThreadPoolExecutor(max(1, workers)) as pool:
        hashes = list(pool.map(hash_photo, paths))
    table = pd.DataFrame({"name": [str(path.relative_to(root)) for path in paths], "phash": hashes})
    logging.getLogger("unscene").info(
        "%d photos hashed, %d unreadable", len(table), table["phash"].isna().sum()
    )
    write_table(table, path_to_hashes, ["name", "phash"])
