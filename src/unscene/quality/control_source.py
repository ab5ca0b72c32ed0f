"""The photos and masks that controls are made of, in an order that hashes of the seed make."""

import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from unscene.machine.batching import read_checked_photo
from unscene.photos.images import PhotoError, read_mask
from unscene.quality.calibration import find_bin
from unscene.run.seeds import derive_seed
from unscene.run.shards import check_file
from unscene.run.streaming import Lookup, collect_rows, iterate_rows
from unscene.run.tables import ROWS_A_GROUP

TRIES = 6  # grounds that are tried for one object in a round
_MASK_COLUMNS = (
    "image_id",
    "category",
    "area_fraction",
    "mask_path",
    "object_path",
    "mask_sha256",
    "seen_boxes",
)
# Rows of masks that are read together: their order is that of hashes, so they lie in as many groups.
_MASKS_A_READING = 256


class Source:
    """The run's usable masks and photos; what cannot be read is left out and logged, since other
    photos serve as well.

    Of each wanted edit some numbers are held, and the names of the photos; the rest is read when it is
    used.
    """

    def __init__(self, path_to_samples: str, path_to_masks: str, seed: int):
        self.seed = seed
        self._photos = Lookup([path_to_samples], "image_id", ["path", "sha256"])
        self._masks = Lookup([path_to_masks], "edit_id", _MASK_COLUMNS)
        encoded = collect_rows([path_to_masks], ["image_id"])["image_id"].combine_chunks().dictionary_encode()
        self._names, photo = encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)
        photos = collect_rows([path_to_samples], ["image_id"])["image_id"]
        is_sample = pc.is_in(self._names, value_set=photos).to_numpy(zero_copy_only=False)
        self._seen = np.flatnonzero(is_sample)
        self._categories: dict[str, int] = {}
        category, key, self._areas = self._read_rows(path_to_masks)
        self._keys, known = key, is_sample[photo]
        self._usable = np.flatnonzero((key >= 0) & known)
        self._first = _find_first(photo, np.arange(len(photo)), len(self._names))
        self._standing = _find_first(photo, self._usable, len(self._names))
        self._named = np.unique(photo * len(self._categories) + category)

    def _read_rows(self, path_to_masks: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return of each mask the number of its category, its key in the order, -1 where there is no
        mask, and its area fraction.
        """
        numbers, keys, areas = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
        for piece in iterate_rows([path_to_masks], ["edit_id", "category", "area_fraction", "status"]):
            mask = piece.to_pandas()
            number = [self._categories.setdefault(name, len(self._categories)) for name in mask["category"]]
            key = np.full(len(mask), -1, np.int64)
            is_ok = (mask["status"] == "ok").to_numpy(bool)
            key[is_ok] = [derive_seed(self.seed, "control", name) for name in mask["edit_id"][is_ok]]
            numbers.append(np.array(number, np.int64))
            keys.append(key)
            areas.append(mask["area_fraction"].to_numpy(float))
        return np.concatenate(numbers), np.concatenate(keys), np.concatenate(areas)

    @cached_property
    def grounds(self) -> np.ndarray:
        """The numbers of the photos that the detector has looked at, in an order made of hashes."""
        names = self._names.take(pa.array(self._seen))
        pieces = (names[start : start + ROWS_A_GROUP] for start in range(0, len(names), ROWS_A_GROUP))
        keys = (derive_seed(self.seed, "ground", name) for piece in pieces for name in piece.to_pylist())
        return self._seen[np.argsort(np.fromiter(keys, np.int64, len(names)), kind="stable")]

    def order(self, bins: Sequence[float]) -> np.ndarray:
        """Return the positions of the masks in the order in which they are used: the bins of mask size
        take turns.
        """
        order = self._usable[np.argsort(self._keys[self._usable], kind="stable")]
        own_bin = np.asarray(find_bin(pd.Series(self._areas[order]), bins))
        turn = np.empty(len(order), np.int64)
        for one in np.unique(own_bin):
            turn[own_bin == one] = np.arange((own_bin == one).sum())
        return order[np.lexsort((own_bin, turn))]

    def iterate_masks(self, bins: Sequence[float]) -> Iterator[dict]:
        """Yield the rows of the masks in that order."""
        order = self.order(bins)
        for start in range(0, len(order), _MASKS_A_READING):
            yield from self._masks.read(order[start : start + _MASKS_A_READING]).to_dict("records")

    def read_photo(self, image_id: str) -> np.ndarray | None:
        """Return a photo's pixels, or None when it cannot be read."""
        row = self._photos.find(pd.Series([image_id])).iloc[0]
        try:
            return read_checked_photo(row["path"], row["sha256"])
        except PhotoError as error:
            logging.getLogger("unscene").warning("%s is not used for controls: %s", image_id, error)
            return None

    def read_neighbour(self, image_id: str) -> np.ndarray | None:
        """Return the final mask of an object that stands in a photo, or None when none was masked there."""
        position = self._standing[self._find(image_id)]
        if position < 0:
            return None
        row = self._masks.read(np.array([position])).iloc[0]
        check_file(row["mask_path"], row["mask_sha256"])
        return read_mask(row["mask_path"])

    def read_boxes(self, image_id: str) -> np.ndarray:
        """Return the boxes of all that the detector saw on a photo, (n, 4): x0, y0, x1, y1."""
        row = self._masks.read(self._first[[self._find(image_id)]]).iloc[0]
        return np.asarray(row["seen_boxes"], float).reshape(-1, 4)

    def list_grounds(self, category: str, image_id: str, turn: int) -> list[str]:
        """Return the few other photos of a round whose captions do not name the category, starting
        at a place of its own.
        """
        start = derive_seed(self.seed, category, image_id) % max(len(self.grounds), 1)
        own, number = self._find(image_id), self._categories.get(category)
        free = (
            photo
            for photo in chain(self.grounds[start:], self.grounds[:start])
            if photo != own and not self._is_named(photo, number)
        )
        chosen = islice(free, turn * TRIES, (turn + 1) * TRIES)
        return [self._names[int(photo)].as_py() for photo in chosen]

    def _find(self, image_id: str) -> int:
        return pc.index(self._names, image_id).as_py()

    def _is_named(self, photo: int, category: int | None) -> bool:
        """Tell whether captions of a photo name a category, both by their numbers."""
        if category is None:
            return False
        pair = photo * len(self._categories) + category
        at = np.searchsorted(self._named, pair)
        return bool(at < len(self._named) and self._named[at] == pair)


def _find_first(photo: np.ndarray, positions: np.ndarray, photos: int) -> np.ndarray:
    """Return for each photo the first of these positions whose mask is of it; -1 without one."""
    first = np.full(photos, -1, np.int64)
    first[photo[positions][::-1]] = positions[::-1]
    return first
