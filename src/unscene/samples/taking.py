"""Which items `take` leaves in: a part of a source that a seed chooses, the same on every machine.

Each position gets a number from the seed and the position alone, and items are taken in the order
of these numbers. So a larger part contains a smaller one, and two sources of one file share no
photo when one skips what the other takes.
"""

from collections.abc import Iterator

import numpy as np

from unscene.run.seeds import derive_seed


class Part:
    """Positions that were chosen of a source, rising; behaves as a range does where readers ask."""

    def __init__(self, positions: np.ndarray):
        self._rising = positions.tolist()
        self._chosen = set(self._rising)
        self.start = self._rising[0] if self._rising else 0
        self.stop = self._rising[-1] + 1 if self._rising else 0

    def __contains__(self, position: object) -> bool:
        return position in self._chosen

    def __iter__(self) -> Iterator[int]:
        return iter(self._rising)

    def __len__(self) -> int:
        return len(self._rising)


def choose_part(take: dict, item_range: range) -> Part:
    """Return the positions in a source of those items of its part that lie in `item_range`.

    take: `photos` items are taken `of` so many after the first `skip`, by `seed`.
    """
    chosen = choose_positions(take["of"], take["photos"], take["skip"], take["seed"])
    return Part(chosen[item_range.start : item_range.stop])


def choose_positions(of: int, photos: int, skip: int, seed: int) -> np.ndarray:
    """Return `photos` positions below `of`, rising, int64: the first in the seed's order after
    `skip` others. Fewer when there are no more.
    """
    order = np.argsort(_mix(np.arange(of, dtype=np.uint64), derive_seed("take", seed)), kind="stable")
    return np.sort(order[skip : skip + photos])


def _mix(values: np.ndarray, seed: int) -> np.ndarray:
    """Return SplitMix64's output for each value: a permutation of all 64-bit numbers that looks
    random (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195). NumPy's own generators may give
    other numbers in a later version.
    """
    with np.errstate(over="ignore"):
        mixed = (values + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
