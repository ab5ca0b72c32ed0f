"""Photos whose perceptual hash is near one of a list."""

import numpy as np
import pandas as pd

from unscene.photos.groups import MAX_BITS, MIN_BITS, find_near_pairs, read_hashes


def match_hashes(sample: pd.DataFrame, hashes: pd.Series, distance: int) -> pd.DataFrame:
    """Return `image_id detail` of the photos with a hash at most `distance` bits from one of the
    list (16 hex digits each).

    Hashes of flat pictures match nothing, as in the groups.
    """
    values, rows = read_hashes(sample["phash"])
    bits = match_values(values, read_hashes(hashes)[0], distance)
    hit = bits <= distance
    image_id = sample["image_id"].to_numpy()[rows[hit]]
    return pd.DataFrame({"image_id": image_id, "detail": [f"{number} bits" for number in bits[hit]]})


def match_values(own: np.ndarray, other: np.ndarray, distance: int) -> np.ndarray:
    """Return for each of the own hashes by how many bits the nearest of the others differs;
    distance + 1 where none is so near. Hashes as `groups.read_hashes` returns them.
    """
    telling = np.flatnonzero(_is_telling(own))
    other = other[_is_telling(other)]
    values, inverse = np.unique(np.concatenate([own[telling], other]), return_inverse=True)
    of_own, of_other = np.zeros(len(values), bool), np.zeros(len(values), bool)
    of_own[inverse[: len(telling)]] = True
    of_other[inverse[len(telling) :]] = True
    nearest = np.where(of_own & of_other, 0, distance + 1)
    for left, right in find_near_pairs(values, distance):
        for one, two in ((left, right), (right, left)):
            across = of_own[one] & of_other[two]
            bits = np.bitwise_count(values[one[across]] ^ values[two[across]])
            np.minimum.at(nearest, one[across], bits)
    bits = np.full(len(own), distance + 1)
    bits[telling] = nearest[inverse[: len(telling)]]
    return bits


def _is_telling(values: np.ndarray) -> np.ndarray:
    bits = np.bitwise_count(values)
    return (bits >= MIN_BITS) & (bits <= MAX_BITS)
