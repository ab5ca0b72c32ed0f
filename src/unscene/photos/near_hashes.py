"""Photos whose perceptual hash is near one of a list."""

import numpy as np
import pandas as pd

from unscene.photos.groups import MAX_BITS, MIN_BITS, find_near_pairs


def match_hashes(sample: pd.DataFrame, hashes: pd.Series, distance: int) -> pd.DataFrame:
    """Return `image_id detail` of the photos with a hash at most `distance` bits from one of the
    list (16 hex digits each).

    Hashes of flat pictures match nothing, as in the groups.
    """
    known = sample["phash"].notna() & (sample["phash"] != "")
    own, first = _to_numbers(sample.loc[known, "phash"])
    other, _ = _to_numbers(hashes[hashes.notna() & (hashes != "")])
    values, inverse = np.unique(np.concatenate([own, other]), return_inverse=True)
    of_own, of_other = np.zeros(len(values), bool), np.zeros(len(values), bool)
    of_own[inverse[: len(own)]] = True
    of_other[inverse[len(own) :]] = True
    nearest = np.where(of_own & of_other, 0, distance + 1)
    for left, right in find_near_pairs(values, distance):
        for one, two in ((left, right), (right, left)):
            across = of_own[one] & of_other[two]
            bits = np.bitwise_count(values[one[across]] ^ values[two[across]])
            np.minimum.at(nearest, one[across], bits)
    bits = nearest[inverse[: len(own)]]
    hit = bits <= distance
    image_id = sample.loc[known, "image_id"].to_numpy()[first][hit]
    return pd.DataFrame({"image_id": image_id, "detail": [f"{number} bits" for number in bits[hit]]})


def _to_numbers(hashes: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return (hashes as uint64, positions) of those that tell what is shown."""
    values = np.array([int(value, 16) for value in hashes], dtype=np.uint64)
    bits = np.bitwise_count(values)
    at = np.flatnonzero((bits >= MIN_BITS) & (bits <= MAX_BITS))
    return values[at], at
