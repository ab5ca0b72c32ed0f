"""Photos at the model's size, decoded once for every arm, fold and seed: one array on disk, mapped
into memory.

`photos.npy` is uint8 (photos, side, side, 3); a row of `photos.parquet` tells which photo stands at
the row of the same number. Sham edits have a cache of their own, so that a run with them re-trains
no arm that shows none.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from unscene.run.logs import progress
from unscene.run.packs import open_stored
from unscene.run.tables import replaced_atomically
from unscene.training.arms import PhotoPlaces
from unscene.training.columns import PHOTOS
from unscene.training.pairs import CAPTIONS, PairError, decode_photo, list_photos

AHEAD = 64  # decoded photos that wait to be written, times the workers
EMBEDDED_AT_ONCE = 4096  # photos that are copied out of the mapped array, 600 MB at 224 pixels


class StackedPhotos:
    """Two mapped arrays of photos as one: the rows of the second follow those of the first."""

    def __init__(self, first: np.ndarray, second: np.ndarray):
        self._first, self._second = first, second
        self.nbytes: int = first.nbytes + second.nbytes

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return a copy of the rows, an int64 array of positions or a slice."""
        rows = np.arange(len(self))[rows]
        behind = rows >= len(self._first)
        photos = np.empty((len(rows), *self._first.shape[1:]), self._first.dtype)
        photos[~behind] = self._first[rows[~behind]]
        photos[behind] = self._second[rows[behind] - len(self._first)]
        return photos


@dataclass(frozen=True)
class TrainingSet:
    """Pairs whose photos are rows of a cache.

    table: one row a pair. photos: uint8 (photos, side, side, 3), mapped. at: the rows of each
    pair's photos. pixels: a SHA-256 of each row's pixels.
    """

    table: pd.DataFrame
    photos: np.ndarray | StackedPhotos
    at: PhotoPlaces
    pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.table)

    def get_data_hash(self) -> str:
        """Return a SHA-256 over the pairs' ids, groups, captions and pixels: what a model was trained on."""
        hashed = hashlib.sha256()
        for row in self.table[["edit_id", "group", *CAPTIONS]].itertuples(index=False):
            hashed.update("\x1f".join(map(str, row)).encode())
        for at in self._list_places():
            hashed.update("".join(self.pixels[at]).encode())
        return hashed.hexdigest()

    def with_shams(
        self, sham: pd.DataFrame, path_to_photos: str | Path, path_to_index: str | Path
    ) -> "TrainingSet":
        """Return the set with the sham edits of its pairs (`sham_of`, `edited_path`; one at least
        for every pair).
        """
        of_pair = sham.drop_duplicates("sham_of").set_index("sham_of")["edited_path"]
        cache = _Cache(path_to_photos, path_to_index)
        rows = cache.find(self.table["edit_id"].map(of_pair), None)
        assert isinstance(self.photos, np.ndarray), "sham edits are added once"
        return replace(
            self,
            photos=StackedPhotos(self.photos, cache.photos),
            at=replace(self.at, sham=len(self.photos) + rows),
            pixels=np.concatenate([self.pixels, cache.pixels]),
        )

    def embed(self, embed_photos: Callable[[np.ndarray], np.ndarray]) -> "TrainingSet":
        """Return the set with features (shown photos, dim) for photos; of the cache only what its
        pairs show is embedded.
        """
        shown = np.unique(np.concatenate(self._list_places()))
        starts = range(0, len(shown), EMBEDDED_AT_ONCE)
        features = [embed_photos(self.photos[shown[start : start + EMBEDDED_AT_ONCE]]) for start in starts]
        at = PhotoPlaces(
            np.searchsorted(shown, self.at.original),
            np.searchsorted(shown, self.at.edited),
            None if self.at.sham is None else np.searchsorted(shown, self.at.sham),
        )
        return replace(self, photos=np.concatenate(features), at=at, pixels=self.pixels[shown])

    def _list_places(self) -> list[np.ndarray]:
        return [rows for rows in (self.at.original, self.at.edited, self.at.sham) if rows is not None]


def write_cache(
    pair: pd.DataFrame, preprocess, path_to_photos: str | Path, path_to_index: str | Path, workers: int
) -> None:
    """Decode every photo that the pairs name, each once, and write the array and its index.

    Raises PairError naming the photo when one cannot be read, or when an edit has another size than
    its original.
    """
    paths, hashes = list_photos(pair)
    index = write_photos(paths, hashes, preprocess, path_to_photos, workers)
    size = dict(zip(index["path"], zip(index["width"], index["height"], strict=True), strict=True))
    _check_sizes(pair, size)
    PHOTOS.write(index, path_to_index)


def write_sham_cache(
    sham: pd.DataFrame, preprocess, path_to_photos: str | Path, path_to_index: str | Path, workers: int
) -> None:
    """Write the array and index of sham edits as `write_cache` does of pairs; of the originals only
    the size is read.
    """
    paths, hashes = list_photos(sham)
    edited = set(sham["edited_path"])
    index = write_photos(
        [path for path in paths if path in edited], hashes, preprocess, path_to_photos, workers
    )
    size = {path: _read_size(path) for path in paths if path not in edited}
    size |= zip(index["path"], zip(index["width"], index["height"], strict=True), strict=True)
    _check_sizes(sham, size)
    PHOTOS.write(index, path_to_index)


def open_cache(pair: pd.DataFrame, path_to_photos: str | Path, path_to_index: str | Path) -> TrainingSet:
    """Return pairs with their photos in the cache.

    Raises PairError when a photo is not in the cache, or is there under another SHA-256.
    """
    cache = _Cache(path_to_photos, path_to_index)
    places = PhotoPlaces(
        cache.find(pair["original_path"], pair.get("original_sha256")),
        cache.find(pair["edited_path"], pair.get("edited_sha256")),
    )
    return TrainingSet(pair.reset_index(drop=True), cache.photos, places, cache.pixels)


class _Cache:
    """An array of photos with its index."""

    def __init__(self, path_to_photos: str | Path, path_to_index: str | Path):
        index = PHOTOS.read(path_to_index)
        self.photos = np.load(path_to_photos, mmap_mode="r")
        self.pixels = index["pixels_sha256"].to_numpy().astype(str)
        self._at = pd.Series(np.arange(len(index)), index=index["path"])
        self._recorded, self._path = index["file_sha256"].to_numpy(), path_to_index

    def find(self, paths: pd.Series, hashes: pd.Series | None) -> np.ndarray:
        """Return the rows of photos, int64 (paths,); PairError when one is missing or recorded
        under another hash.
        """
        rows = paths.map(self._at)
        missing = rows.isna().to_numpy()
        if not missing.any() and hashes is not None:
            missing = self._recorded[rows.to_numpy(np.int64)] != hashes.to_numpy()
        if missing.any():
            raise PairError(
                f"{self._path}: {paths[missing].iloc[0]} is not in it as the pairs name it; delete it "
                "and run again"
            )
        return rows.to_numpy(np.int64)


def write_photos(
    paths: Sequence[str], hashes: dict[str, str], preprocess, path_to_photos: str | Path, workers: int
) -> pd.DataFrame:
    """Write the array of photos and return the rows of its index."""
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
        if photos is None:
            with open(temporary, "wb") as file:
                np.save(file, np.zeros((0, 1, 1, 3), np.uint8))
        else:
            photos.flush()
            del photos
    return pd.DataFrame(rows, columns=PHOTOS.names)


def _read_size(path: str) -> tuple[int, int]:
    with open_stored(path) as file, Image.open(file) as image:
        return image.size


def _check_sizes(pair: pd.DataFrame, size: dict[str, tuple[int, int]]) -> None:
    for edit_id, original, edited in zip(
        pair["edit_id"], pair["original_path"], pair["edited_path"], strict=True
    ):
        if size[original] != size[edited]:
            raise PairError(
                f"pair {edit_id!r}: the edit is {size[edited]}, the original {size[original]} pixels"
            )
