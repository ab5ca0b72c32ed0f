"""Groups: photos that must not be parted, since they show the same thing.

Edges join photos that share bytes, a URL or a name, or whose 64-bit perceptual hashes are near; a
group is a connected component. Nothing here compares all photos with all others: three million take
minutes.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

HASH_BITS = 64
# A perceptual hash compares 64 coefficients with their median, so about 32 bits are set. In a flat
# or evenly shaded picture most coefficients are zero and few bits are set: such a hash says nothing
# about what is shown.
MIN_BITS, MAX_BITS = 22, 42
_BLOCK_PAIRS = 2**22

Edges = tuple[np.ndarray, np.ndarray]


def label_components(count: int, edges: Iterable[Edges]) -> np.ndarray:
    """Return for each of `count` rows the position of the first row of its connected component."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = list(edges)
    left = np.concatenate([np.empty(0, np.int64), *(edge[0] for edge in edges)])
    right = np.concatenate([np.empty(0, np.int64), *(edge[1] for edge in edges)])
    matrix = coo_array((np.ones(len(left), bool), (left, right)), shape=(count, count))
    label = connected_components(matrix, directed=False)[1]
    first = np.full(label.max(initial=-1) + 1, count, np.int64)
    np.minimum.at(first, label, np.arange(count))
    return first[label]


def join_equal_numbers(values: np.ndarray) -> Edges:
    """Return edges that join the rows of equal numbers; 0 joins nothing."""
    order = np.argsort(values, kind="stable")
    order = order[np.searchsorted(values[order], 1) :]
    ordered = values[order]
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]
    first = order[np.flatnonzero(starts)][np.cumsum(starts) - 1] if len(order) else order
    return first[~starts], order[~starts]


def join_near_hashes(hashes: pd.Series, distance: int) -> Edges:
    """Return edges that join the rows whose hashes (16 hex digits) differ in at most `distance` bits.

    Equal hashes are joined in a chain, so the edges give the components, not every near pair. Hashes of flat
    pictures join nothing. Missing hashes join nothing.
    """
    return join_near_values(*read_hashes(hashes), distance)


def read_hashes(hashes: pd.Series) -> Edges:
    """Return the values of the hashes (16 hex digits), uint64, and their positions; without missing ones."""
    known = (hashes.notna() & (hashes != "")).to_numpy()
    return np.array([int(value, 16) for value in hashes[known]], dtype=np.uint64), np.flatnonzero(known)


def join_near_values(values: np.ndarray, rows: np.ndarray, distance: int) -> Edges:
    """Do what `join_near_hashes` does for hashes as `read_hashes` returns them."""
    bits = np.bitwise_count(values)
    telling = (bits >= MIN_BITS) & (bits <= MAX_BITS)
    values, rows = values[telling], rows[telling]
    unique, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    edges = [(rows[first][inverse], rows)]
    for left, right in find_near_pairs(unique, distance):
        edges.append((rows[first][left], rows[first][right]))
    left, right = (np.concatenate(side) for side in zip(*edges, strict=True))
    return left[left != right], right[left != right]


def find_near_pairs(values: np.ndarray, distance: int) -> Iterator[Edges]:
    """Yield pairs of positions of distinct 64-bit values that differ in at most `distance` bits; a
    pair may come twice.

    Cut into `distance + k` blocks of bits, two such values agree in at least k whole blocks (the
    pigeonhole principle), so each choice of k blocks is a key, and only values of an equal key are
    compared. More blocks in a key mean fewer chance meetings and more keys; k is chosen by the
    number of values.
    """
    if distance >= HASH_BITS:
        yield from _compare_buckets(values, np.zeros(len(values), np.uint64), distance)
        return
    agreeing = choose_key_blocks(len(values), distance)
    bounds = np.linspace(0, HASH_BITS, distance + agreeing + 1).round().astype(int)
    blocks = [
        np.uint64(((1 << int(stop - start)) - 1) << int(start))
        for start, stop in zip(bounds, bounds[1:], strict=False)
    ]
    for chosen in combinations(blocks, agreeing):
        yield from _compare_buckets(values, values & np.bitwise_or.reduce(chosen), distance)


def choose_key_blocks(count: int, distance: int) -> int:
    """Return how many blocks make a key, at the least expected cost: a sort of all values and the
    chance meetings.
    """

    def cost(k: int) -> float:
        key_bits = HASH_BITS * k / (distance + k)
        return comb(distance + k, k) * (20.0 * count + count**2 / 2 ** (key_bits + 1))

    return min(range(1, max(2, min(5, HASH_BITS - distance + 1))), key=cost)


def _compare_buckets(values: np.ndarray, keys: np.ndarray, distance: int) -> Iterator[Edges]:
    """Compare all values of an equal key: in key order, each with its next, its next but one and so on."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    start = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        if len(keys)
        else np.empty(0, np.int64)
    )
    size = np.diff(np.append(start, len(keys)))
    left_in_bucket = (
        np.repeat(start + size, size) - np.arange(len(keys)) - 1
    )  # later members of the own bucket
    here, step = np.flatnonzero(left_in_bucket > 0), 1
    while len(here):
        for block in range(0, len(here), _BLOCK_PAIRS):
            left = order[here[block : block + _BLOCK_PAIRS]]
            right = order[here[block : block + _BLOCK_PAIRS] + step]
            near = np.bitwise_count(values[left] ^ values[right]) <= distance
            if near.any():
                yield left[near], right[near]
        step += 1
        here = here[left_in_bucket[here] >= step]
