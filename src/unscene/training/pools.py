"""The pool: ordinary photos with all their captions, and what is known to be on them and what not."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from unscene.clip.tokens import find_long_texts
from unscene.pool.columns import POOL
from unscene.run.seeds import derive_seed
from unscene.training.columns import POOL_PHOTOS
from unscene.training.pairs import PairError, TooFewPairs
from unscene.training.trainings import PoolFiles, Training
from unscene.words.vocabulary import Vocabulary

MIN_PHOTOS = 5  # with an object, and as many without, before it counts as labelled
# What is added to a caption is seldom longer; one that leaves less room is not trained on.
LONGEST_DENIAL = " and there is not a single potted plant to be seen anywhere in this whole picture."


@dataclass(frozen=True)
class Pool:
    """The photos that an arm may show beside its pairs.

    table: a row a photo, `image_id captions named`. photos: uint8 (photos, side, side, 3), mapped, or, of
    a frozen image tower, normalised features, float32 (photos, dim); at: the row of each photo in
    it, int64 (photos,). present, absent: bool (photos, words), what is known to be there and what
    is known not to be; a word that is in neither is unknown. pixels: a SHA-256 of each photo.
    """

    table: pd.DataFrame
    photos: np.ndarray
    at: np.ndarray
    present: np.ndarray
    absent: np.ndarray
    pixels: np.ndarray
    vocabulary: Vocabulary

    def __len__(self) -> int:
        return len(self.table)

    def get_data_hash(self) -> str:
        """Return a SHA-256 over ids, captions, labels and pixels: what a model was trained on."""
        hashed = hashlib.sha256()
        for image_id, captions in zip(self.table["image_id"], self.table["captions"], strict=True):
            hashed.update("\x1f".join([image_id, *captions]).encode())
        hashed.update(np.packbits(np.stack([self.present, self.absent])).tobytes())
        hashed.update("".join(self.pixels).encode())
        return hashed.hexdigest()

    def limit(self, count: int, seed: int) -> "Pool":
        """Return so many photos of the pool, chosen by the seed; fewer are part of more."""
        ranked = sorted(
            range(len(self)), key=lambda row: derive_seed(seed, "pool", self.table["image_id"][row])
        )
        rows = np.sort(ranked[:count])
        return self._take(rows, [self.table["captions"][row] for row in rows])

    def label_by_captions(self) -> "Pool":
        """Return the pool with what captions name as present, and all else as absent, unmentioned
        or not.
        """
        present = _mark(self.table["named"], self.vocabulary)
        return replace(self, present=present, absent=~present)

    def withhold(self, words: Collection[str]) -> "Pool":
        """Return the pool without labels of these words: on every photo they are unknown."""
        kept = np.array([word not in words for word in self.vocabulary], bool)
        return replace(self, present=self.present & kept, absent=self.absent & kept)

    def drop_long(self, tokenizer) -> "Pool":
        """Return the pool without captions that leave no room for a denial in the model's context,
        and without photos that have no others.
        """
        told = [caption + LONGEST_DENIAL for own in self.table["captions"] for caption in own]
        long = iter(find_long_texts(tokenizer, told).tolist())
        kept = [[caption for caption in own if not next(long)] for own in self.table["captions"]]
        rows = np.flatnonzero([bool(own) for own in kept])
        return self._take(rows, [kept[row] for row in rows])

    def _take(self, rows: np.ndarray, captions: list[list[str]]) -> "Pool":
        parts = {key: getattr(self, key)[rows] for key in ("at", "present", "absent", "pixels")}
        table = self.table.iloc[rows].reset_index(drop=True)
        return replace(self, table=table.assign(captions=captions), **parts)

    def find_labelled(self) -> np.ndarray:
        """Return the words (their places in the vocabulary) with enough photos with and without, int64."""
        counts = np.minimum(self.present.sum(axis=0), self.absent.sum(axis=0))
        return np.flatnonzero(counts >= MIN_PHOTOS)


def open_pool(files: PoolFiles, training: Training, tokenizer) -> Pool:
    """Return the pool as an arm takes it: so many of its photos, their captions that fit, its labels.

    Raises TooFewPairs when it has fewer photos than a batch shows.
    """
    arm, vocabulary = training.arm, training.vocabulary
    columns = ["image_id", "path", "captions", "named", "present", "unknown"]
    table = POOL.read(files.table, columns)
    index = POOL_PHOTOS.read(files.index)
    if table["path"].tolist() != index["path"].tolist():
        raise PairError(f"{files.index}: its rows are not those of {files.table}; delete it and run again")
    present, unknown = (_mark(table[key], vocabulary) for key in ("present", "unknown"))
    pool = Pool(
        table[["image_id", "captions", "named"]].assign(captions=table["captions"].map(list)),
        np.load(files.photos, mmap_mode="r"),
        np.arange(len(table)),
        present,
        ~present & ~unknown,
        index["pixels_sha256"].to_numpy().astype(str),
        vocabulary,
    )
    pool = pool.drop_long(tokenizer)
    if "pool_limit" in arm:
        pool = pool.limit(arm["pool_limit"], training.seeds[0])
    if len(pool) < arm["pool"]:
        raise TooFewPairs(
            f"{files.table}: pool: {arm['pool']} photos a batch, of {len(pool)}; lower pool, or give a source"
            " with pool: true more photos"
        )
    if arm.get("pool_labels") == "captions":
        pool = pool.label_by_captions()
    return pool.withhold(training.withheld)


def _mark(words_of_photos, vocabulary: Vocabulary) -> np.ndarray:
    marked = np.zeros((len(words_of_photos), len(vocabulary)), bool)
    for row, words in enumerate(words_of_photos):
        marked[row, [vocabulary.places[word] for word in words]] = True
    return marked
