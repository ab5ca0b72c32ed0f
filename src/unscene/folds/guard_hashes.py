"""Hash the photos of a leak guard's folder, once."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from unscene.folds.columns import GUARDED
from unscene.folds.leak_guards import GuardError
from unscene.machine.job import Job
from unscene.photos.images import PhotoError, perceptual_hash, read_photo
from unscene.run.checkout import resolve_path
from unscene.run.counts import tell_count

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def hash_guarded_photos(job: Job) -> None:
    """Write the hash of every photo in a guard's folder and its folders. outputs: hashes."""
    root = resolve_path(job.entry("guard")["images"])
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    if not paths:
        raise GuardError(f"folds.leak_guards: no photo in {root}")
    with ThreadPoolExecutor(max(1, job.threads)) as pool:
        hashes = list(pool.map(hash_photo, paths))
    rows = [
        {"name": str(path.relative_to(root)), "phash": phash}
        for path, phash in zip(paths, hashes, strict=True)
    ]
    GUARDED.write(GUARDED.frame(rows), job.outputs.hashes)
    logging.getLogger("unscene").info(
        "%s hashed, %d unreadable", tell_count(len(rows), "photo"), sum(phash is None for phash in hashes)
    )


def hash_photo(path: Path) -> str | None:
    """Return the perceptual hash of a photo, None when it cannot be read."""
    try:
        return perceptual_hash(read_photo(path))
    except PhotoError:
        return None
