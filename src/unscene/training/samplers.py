"""Which photos meet in a batch.

A plan names, for every step, the pairs of the first half of the batch (their originals are shown)
and of its second half (their edits, or originals again in an arm without edits). All arms get the
same first half in the same order and, over the run, the same photos equally often; only the
arrangement of the second half differs.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from unscene.run.counts import tell_count
from unscene.run.seeds import derive_seed
from unscene.training.pairs import PairError, TooFewPairs


@dataclass(frozen=True)
class BatchPlan:
    """first, second: positions of pairs, int64 (steps, pairs in a batch)."""

    first: np.ndarray
    second: np.ndarray


def plan_batches(
    group: np.ndarray,
    steps: int,
    batch_pairs: int,
    batches: str,
    seed: int,
    category: np.ndarray | None = None,
) -> BatchPlan:
    """Plan the batches of one training run.

    group, category: of each pair. batches: `paired` puts a pair's original and edit in one batch;
    `random` never does, and spreads the same second halves at random over the batches of about one
    pass through the pairs; `similar` is `paired` with the pairs of such a window sorted into
    batches of one category as far as they go. In none does a photo group come twice in one half,
    nor, in `random`, in both. Raises TooFewPairs when there are too few groups.
    """
    check_groups(group, batch_pairs, batches)
    group = np.unique(np.asarray(group).astype(str), return_inverse=True)[1]
    first = _draw_pair_batches(group, steps, batch_pairs, np.random.default_rng(derive_seed(seed, "order")))
    window = max(2, len(group) // batch_pairs)
    if batches == "similar":
        rng = np.random.default_rng(derive_seed(seed, "similar"))
        first = _sort_into_categories(first, group, np.asarray(category).astype(str), window, rng)
    if batches != "random":
        return BatchPlan(first, first.copy())
    if steps < 2:
        raise PairError("train.steps: random batches need at least 2 steps to keep a pair apart")
    rng = np.random.default_rng(derive_seed(seed, "partners"))
    return BatchPlan(first, _spread_partners(first, group, window, rng))


def check_groups(group: Iterable[str], batch_pairs: int, batches: str) -> None:
    """Raise TooFewPairs when the photo groups of the pairs do not fill a batch (see `plan_batches`)."""
    needed = 2 * batch_pairs if batches == "random" else batch_pairs
    there = len(set(map(str, group)))
    if there < needed:
        raise TooFewPairs(
            f"{batches} batches of train.batch_pairs={batch_pairs} need"
            f" {tell_count(needed, 'photo group')}, the training part has {there};"
            " lower train.batch_pairs or add photos"
        )


def _sort_into_categories(
    first: np.ndarray, group: np.ndarray, category: np.ndarray, window: int, rng: np.random.Generator
) -> np.ndarray:
    """Rearrange the pairs of each window of steps: batches of one category first, its rests filled
    up with others' rests.
    """
    sorted_ = first.copy()
    for start in range(0, len(first), window):
        part = first[start : start + window]
        pairs = part.reshape(-1)[rng.permutation(part.size)]
        order = pairs[np.argsort(category[pairs], kind="stable")].tolist()
        batches = _deal(order, group, category, *part.shape)
        # A group that comes twice in a pass can leave the last batches unfillable: then the window
        # keeps its own order.
        sorted_[start : start + window] = part if batches is None else batches[rng.permutation(len(batches))]
    return sorted_


def _deal(
    order: list[int], group: np.ndarray, category: np.ndarray, steps: int, size: int
) -> np.ndarray | None:
    """Cut pairs, sorted by category, into batches without a group twice; None where the last ones
    cannot be filled.
    """
    batches, rests = [], []
    for name in dict.fromkeys(category[order].tolist()):
        waiting = [pair for pair in order if category[pair] == name]
        while len(batch := _take(waiting, group, size)) == size:
            batches.append(batch)
            taken = Counter(batch)
            waiting = [pair for pair in waiting if not _use(taken, pair)]
        rests += waiting
    while len(batches) < steps:
        batch = _take(rests, group, size)
        if len(batch) < size:
            return None
        batches.append(batch)
        taken = Counter(batch)
        rests = [pair for pair in rests if not _use(taken, pair)]
    return np.array(batches, np.int64)


def _take(waiting: list[int], group: np.ndarray, size: int) -> list[int]:
    """Return the first pairs of different groups, at most `size`."""
    chosen: dict[int, int] = {}
    for pair in waiting:
        chosen.setdefault(int(group[pair]), pair)
        if len(chosen) == size:
            break
    return list(chosen.values())


def _use(taken: Counter, pair: int) -> bool:
    """Tell whether a pair is among those that were taken, and count it as found."""
    found = taken[pair] > 0
    taken[pair] -= found
    return found


def _draw_pair_batches(
    group: np.ndarray, steps: int, batch_pairs: int, rng: np.random.Generator
) -> np.ndarray:
    """Pass after pass through the shuffled pairs; a pair whose group is already in the batch waits
    for the next one.
    """
    waiting: list[int] = []
    batches = np.empty((steps, batch_pairs), np.int64)
    for step in range(steps):
        chosen: list[int] = []
        groups: set[int] = set()
        position = 0
        while len(chosen) < batch_pairs:
            if position == len(waiting):
                waiting.extend(rng.permutation(len(group)).tolist())
            pair = waiting[position]
            if group[pair] in groups:
                position += 1
                continue
            groups.add(group[pair])
            chosen.append(waiting.pop(position))
        batches[step] = chosen
    return batches


def _spread_partners(
    first: np.ndarray, group: np.ndarray, window: int, rng: np.random.Generator
) -> np.ndarray:
    """Rearrange the pairs of each window of steps so that no group meets itself in a batch.

    Few groups with several pairs each can make that impossible within a window: then it is made wider.
    """
    steps = len(first)
    while True:
        edges = [*range(0, steps, window), steps]
        if len(edges) > 2 and edges[-1] - edges[-2] < window:  # a short tail joins the window before it
            del edges[-2]
        parts = [_rearrange(first[a:b], group, rng) for a, b in zip(edges, edges[1:], strict=False)]
        found = [part for part in parts if part is not None]
        if len(found) == len(parts):
            return np.concatenate(found)
        if window >= steps:
            raise TooFewPairs(
                "train.batch_pairs: random batches that keep each pair apart were not found; lower it "
                "or add photos"
            )
        window *= 2


def _rearrange(
    first: np.ndarray, group: np.ndarray, rng: np.random.Generator, attempts: int = 1000
) -> np.ndarray | None:
    """Shuffle the pairs of a window over its batches, then swap away every meeting of a group with itself.

    None when a meeting cannot be swapped away.
    """
    steps, size = first.shape
    second = rng.permutation(first.reshape(-1))
    taken = [set(group[row].tolist()) for row in first]
    count: list[dict] = [{} for _ in range(steps)]
    for slot, pair in enumerate(second):
        held = count[slot // size]
        held[group[pair]] = held.get(group[pair], 0) + 1

    def is_free(step: int, wanted: int, leaving: int) -> bool:
        return wanted not in taken[step] and count[step].get(wanted, 0) - (wanted == leaving) == 0

    for slot in range(len(second)):
        step, own = slot // size, group[second[slot]]
        if own not in taken[step] and count[step][own] == 1:
            continue
        for other in _candidates(len(second), rng, attempts):
            there, theirs = other // size, group[second[other]]
            if there != step and is_free(there, own, theirs) and is_free(step, theirs, own):
                count[step][own] -= 1
                count[there][theirs] -= 1
                second[slot], second[other] = second[other], second[slot]
                count[step][theirs] = count[step].get(theirs, 0) + 1
                count[there][own] = count[there].get(own, 0) + 1
                break
        else:
            return None
    return second.reshape(steps, size)


def _candidates(slots: int, rng: np.random.Generator, attempts: int):
    """Random slots first, for speed; then every slot, so that a possible swap is not missed."""
    yield from rng.integers(slots, size=attempts).tolist()
    yield from rng.permutation(slots).tolist()
