"""Accepted pairs: the table with its folds, and a cache of their photos, decoded once at the model's size."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.clip.models import resize_photo
from unscene.clip.tokens import find_long_texts
from unscene.photos.images import PhotoError, read_photo
from unscene.run.counts import tell_count
from unscene.run.left_out import LeftOut
from unscene.run.shards import check_file
from unscene.run.tables import read_table

PAIR_COLUMNS = [
    "edit_id",
    "image_id",
    "category",
    "group",
    "original_path",
    "edited_path",
    "caption_original",
    "caption_without",
    "caption_negated",
]
CAPTIONS = ["caption_original", "caption_without", "caption_negated"]
HELD_OUT_CAPTION = "caption_negated_held_out"


class PairError(ValueError):
    """Pairs that cannot be trained or tested on; the message names the table and the way out."""


class TooFewPairs(PairError, LeftOut):
    """There is too little to train or to test on: training and what follows are left out of the run."""


@dataclass(frozen=True)
class PairSet:
    """Pairs with their photos in memory.

    table: one row a pair. photos: uint8 (photos, side, side, 3), each file once. original_at,
    edited_at: position in `photos` of a pair's original and edit, int64 (pairs,).
    """

    table: pd.DataFrame
    photos: np.ndarray
    original_at: np.ndarray
    edited_at: np.ndarray

    def __len__(self) -> int:
        return len(self.table)

    def get_data_hash(self) -> str:
        """Return a SHA-256 over the pairs' ids, captions and pixels: what a model was trained on."""
        hashed = hashlib.sha256()
        for row in self.table[["edit_id", "group", *CAPTIONS]].itertuples(index=False):
            hashed.update("\x1f".join(map(str, row)).encode())
        hashed.update(self.original_at.tobytes())
        hashed.update(self.edited_at.tobytes())
        hashed.update(np.ascontiguousarray(self.photos).data)
        return hashed.hexdigest()


def read_pairs(path_to_pairs: str | Path, path_to_folds: str | Path | None = None) -> pd.DataFrame:
    """Read pairs.parquet, sorted by edit_id so that the order of shards does not matter; with
    folds, a column `fold`.

    Raises TooFewPairs when there is no pair, PairError when an edit_id comes twice, a caption is
    missing, or a group has no fold.
    """
    pair = read_table(path_to_pairs, PAIR_COLUMNS).sort_values("edit_id", ignore_index=True)
    if pair.empty:
        raise TooFewPairs(
            f"{path_to_pairs}: no pair was accepted; look at quality/rejected.parquet and quality.thresholds"
        )
    if pair["edit_id"].duplicated().any():
        raise PairError(
            f"{path_to_pairs}: edit_id {pair.loc[pair['edit_id'].duplicated(), 'edit_id'].iloc[0]!r} twice"
        )
    empty = pair[CAPTIONS].isna().any(axis=1) | (pair[CAPTIONS] == "").any(axis=1)
    if empty.any():
        raise PairError(
            f"{path_to_pairs}: pair {pair.loc[empty, 'edit_id'].iloc[0]!r} lacks one of {', '.join(CAPTIONS)}"
        )
    if path_to_folds is not None:
        fold = (
            read_table(path_to_folds, ["group", "fold"]).drop_duplicates("group").set_index("group")["fold"]
        )
        pair["fold"] = pair["group"].map(fold)
        if pair["fold"].isna().any():
            lost = pair.loc[pair["fold"].isna(), "group"].iloc[0]
            raise PairError(f"{path_to_folds}: group {lost!r} of {path_to_pairs} has no fold")
        pair["fold"] = pair["fold"].astype(int)
    return pair


def split_pairs(pair: pd.DataFrame, fold: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (training pairs: all other folds, test pairs: this fold), each numbered anew.

    Raises TooFewPairs when one of the two is empty.
    """
    held_out = pair["fold"] == fold
    train, test = pair[~held_out].reset_index(drop=True), pair[held_out].reset_index(drop=True)
    for part, name in ((train, "training"), (test, "test")):
        if part.empty:
            raise TooFewPairs(
                f"fold {fold} has no {name} pairs ({tell_count(len(pair), 'pair')} in all); lower"
                " folds.folds, add photos, or loosen quality.thresholds"
            )
    return train, test


def find_long_pairs(pair: pd.DataFrame, tokenizer) -> np.ndarray:
    """Tell which pairs have a caption longer than the model's context, bool (pairs,).

    Such captions would be cut, and the negated one could become equal to the plain one.
    """
    columns = [*CAPTIONS, *([HELD_OUT_CAPTION] if HELD_OUT_CAPTION in pair else [])]
    long = np.zeros(len(pair), bool)
    for column in columns:
        long |= find_long_texts(tokenizer, pair[column].fillna("").astype(str))
    return long


def split_by_class(
    pair: pd.DataFrame, path_to_classes: str | Path, fold: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (training pairs, test pairs) of a leave-class-out fold: test are all pairs of its categories.

    A training pair whose photo group has a test pair is in neither. Raises PairError when a
    category has no fold, TooFewPairs when a part is empty.
    """
    of_category = read_table(path_to_classes, ["category", "fold"]).set_index("category")["fold"]
    own = pair["category"].map(of_category)
    if own.isna().any():
        raise PairError(
            f"{path_to_classes}: category {pair.loc[own.isna(), 'category'].iloc[0]!r} has no fold"
        )
    held_out = own == fold
    train = pair[~held_out & ~pair["group"].isin(pair.loc[held_out, "group"])].reset_index(drop=True)
    test = pair[held_out].reset_index(drop=True)
    for part, name in ((train, "training"), (test, "test")):
        if part.empty:
            raise TooFewPairs(
                f"fold {fold} of the categories has no {name} pairs ({tell_count(len(pair), 'pair')} in all);"
                " lower folds.folds, add photos, or "
                "empty train.class_folds"
            )
    return train, test


def list_categories(path_to_classes: str | Path, fold: int) -> frozenset[str]:
    """Return the categories of a fold of categories."""
    table = read_table(path_to_classes, ["category", "fold"])
    return frozenset(table.loc[table["fold"] == fold, "category"])


def list_photos(pair: pd.DataFrame) -> tuple[list[str], dict[str, str]]:
    """Return (each photo's path once, in order of appearance; the SHA-256 that the table records,
    by path).
    """
    paths = pd.unique(pd.concat([pair["original_path"], pair["edited_path"]], ignore_index=True))
    hashes: dict[str, str] = {}
    for kind in ("original", "edited"):
        if f"{kind}_sha256" in pair:
            hashes |= dict(zip(pair[f"{kind}_path"], pair[f"{kind}_sha256"], strict=True))
    return list(paths), hashes


def decode_photo(path: str, sha256: str | None, preprocess) -> tuple[np.ndarray, tuple[int, int]]:
    """Return (the photo at the model's size, uint8 (side, side, 3); its own width and height).

    Raises PairError when it cannot be read, ValueError when it is not the file that was recorded.
    """
    try:
        image = read_photo(path)
    except PhotoError as error:
        raise PairError(f"{error}; the stage that wrote it must run again: delete its folder") from error
    if sha256:
        check_file(path, sha256)
    return resize_photo(preprocess, image), image.size


def load_pairs(pair: pd.DataFrame, preprocess, workers: int = 1) -> PairSet:
    """Decode the photos of pairs once, at the model's size.

    Where the table has `original_sha256` or `edited_sha256`, each file must still be the one it
    names. Raises PairError naming the pair when a photo cannot be read or an edit has another size
    than its original.
    """
    paths, hashes = list_photos(pair)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        decoded = list(pool.map(lambda path: decode_photo(path, hashes.get(path), preprocess), paths))
    at = {path: position for position, path in enumerate(paths)}
    original_at = pair["original_path"].map(at).to_numpy(np.int64)
    edited_at = pair["edited_path"].map(at).to_numpy(np.int64)
    for row, (original, edited) in enumerate(zip(original_at, edited_at, strict=True)):
        if decoded[original][1] != decoded[edited][1]:
            raise PairError(
                f"pair {pair['edit_id'].iloc[row]!r}: the edit is {decoded[edited][1]}, the original "
                f"{decoded[original][1]} pixels"
            )
    return PairSet(
        pair.reset_index(drop=True), np.stack([pixels for pixels, _ in decoded]), original_at, edited_at
    )
