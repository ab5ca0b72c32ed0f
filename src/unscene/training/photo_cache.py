"""The photos of all pairs at the model's size, decoded once for every arm, fold and seed: one array on disk, mapped into memory.

`photos.npy` is uint8 (photos, side, side, 3); a row of `photos.parquet` tells which photo stands at the row of the same number.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.run.logs import progress
from unscene.run.tables import read_table, replaced_atomically, write_table
from unscene.training.pairs import CAPTIONS, PairError, decode_photo, list_photos

INDEX_COLUMNS = ["path", "sha256", "pixels_sha256", "width", "height"]
AHEAD = 64  # decoded photos that wait to be written, times the workers
EMBEDDED_AT_ONCE = 4096  # photos that are copied out of the mapped array, 600 MB at 224 pixels


@dataclass(frozen=True)
class TrainingSet:
    """Pairs whose photos are rows of a cache.

    table: one row a pair. photos: uint8 (photos, side, side, 3), mapped. original_at, edited_at and sham_at (None without sham
    edits): row of a pair's photos, int64 (pairs,). pixels: a SHA-256 of each row's pixels.
    """

    table: pd.DataFrame
    photos: np.ndarray
    original_at: np.ndarray
    edited_at: np.ndarray
    sham_at: np.ndarray | None
    pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.table)

    def get_data_hash(self) -> str:
        """Return a SHA-256 over the pairs' ids, groups, captions and pixels: what a model was trained on."""
        hashed = hashlib.sha256()
        for row in self.table[["edit_id", "group", *CAPTIONS]].itertuples(index=False):
            hashed.update("\x1f".join(map(str, row)).encode())
        for at in (self.original_at, self.edited_at, self.sham_at):
            if at is not None:
                hashed.update("".join(self.pixels[at]).encode())
        return hashed.hexdigest()

    def embed(self, embed_photos: Callable[[np.ndarray], np.ndarray]) -> "TrainingSet":
        """Return the set with features (shown photos, dim) for photos; of the cache only what its pairs show is embedded."""
        used = [at for at in (self.original_at, self.edited_at, self.sham_at) if at is not None]
        shown = np.unique(np.concatenate(used))
        starts = range(0, len(shown), EMBEDDED_AT_ONCE)
        features = [embed_photos(self.photos[shown[start : start + EMBEDDED_AT_ONCE]]) for start in starts]
        return replace(
            self,
            photos=np.concatenate(features),
            original_at=np.searchsorted(shown, self.original_at),
            edited_at=np.searchsorted(shown, self.edited_at),
            sham_at=None if self.sham_at is None else np.searchsorted(shown, self.sham_at),
            pixels=self.pixels[shown],
        )


def write_cache(
    pair: pd.DataFrame, preprocess, path_to_photos: str | Path, path_to_index: str | Path, workers: int
) -> None:
    """Decode every photo that the pairs name, each once, and write the array and its index.

    Raises PairError naming the photo when one cannot be read, or when an edit has another size than its original.
    """
    paths, hashes = list_photos(pair)
    rows = []
    photos = None
    with replaced_atomically(path_to_photos) as temporary, ThreadPoolExecutor(max(1, workers)) as pool:
        for start in progress(range(0, len(paths), AHEAD * workers), desc="decoding", unit="batch"):
            part = paths[start : start + AHEAD * workers]
            decoded = pool.map(lambda path: decode_photo(path, hashes.get(path), preprocess), part)
            for position, (path, (pixels, size)) in enumerate(zip(part, decoded, strict=True), start):
                if photos is None:
                    shape = (len(paths), *pixels.shape)
                    photos = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
                photos[position] = pixels
                digest = hashlib.sha256(pixels.tobytes()).hexdigest()
                rows.append((path, hashes.get(path), digest, *size))
        photos.flush()
        del photos
    index = pd.DataFrame(rows, columns=INDEX_COLUMNS)
    size = dict(zip(index["path"], zip(index["width"], index["height"], strict=True), strict=True))
    for edit_id, original, edited in zip(
        pair["edit_id"], pair["original_path"], pair["edited_path"], strict=True
    ):
        if size[original] != size[edited]:
            raise PairError(
                f"pair {edit_id!r}: the edit is {size[edited]}, the original {size[original]} pixels"
            )
    write_table(index, path_to_index, INDEX_COLUMNS)


def open_cache(
    pair: pd.DataFrame,
    path_to_photos: str | Path,
    path_to_index: str | Path,
    control: pd.DataFrame | None = None,
) -> TrainingSet:
    """Return pairs with their photos in the cache; control: the sham edits (`sham_of`, `edited_path`), one for every pair.

    Raises PairError when a photo is not in the cache, or is there under another SHA-256.
    """
    index = read_table(path_to_index, INDEX_COLUMNS)
    photos = np.load(path_to_photos, mmap_mode="r")
    at = pd.Series(np.arange(len(index)), index=index["path"])
    recorded = index["sha256"].to_numpy()

    def find(paths: pd.Series, hashes: pd.Series | None) -> np.ndarray:
        rows = paths.map(at)
        missing = rows.isna().to_numpy()
        if not missing.any() and hashes is not None:
            missing = recorded[rows.to_numpy(np.int64)] != hashes.to_numpy()
        if missing.any():
            raise PairError(
                f"{path_to_index}: {paths[missing].iloc[0]} is not in it as the pairs name it; delete it and run again"
            )
        return rows.to_numpy(np.int64)

    sham_at = None
    if control is not None:
        sham = control.drop_duplicates("sham_of").set_index("sham_of")["edited_path"]
        sham_at = find(pair["edit_id"].map(sham), None)
    return TrainingSet(
        pair.reset_index(drop=True),
        photos,
        find(pair["original_path"], pair.get("original_sha256")),
        find(pair["edited_path"], pair.get("edited_sha256")),
        sham_at,
        index["pixels_sha256"].to_numpy().astype(str),
    )
