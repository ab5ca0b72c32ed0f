"""Shifts in the batch-size study: prompts whose answers slipped to their neighbours, unseen by the
checks of their form. How many are found, and how many there may be.
"""

import math
from collections.abc import Iterable

import numpy as np

from unscene.batchsize.noninferiority import get_upper_bound
from unscene.batchsize.sample_sizes import LEAST_GAIN

# Shifts that are planted into the answers of a size: the sensitivity is known to 2 points or better.
PLANTED = 4_000


def count_shifts(prompts: Iterable[tuple[np.ndarray, np.ndarray]], seed: int) -> dict:
    """Return how many prompts hold a shift, the chance to find one, and the 95 % upper bound of the
    share of prompts that have one.

    prompts: the codes of answers and references (see `find_shifts`), in the order of their places.
    What is found is a share of what is there: so the Clopper-Pearson bound of the share found is
    divided by the sensitivity (Rogan & Gladen 1978, Am J Epidemiol 107, without false finds, which
    only raise the bound).
    """
    by_size: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for answer, reference in prompts:
        if len(answer) > 1:
            by_size.setdefault(len(answer), []).append((answer, reference))
    stacks = [np.stack(of_size, axis=1) for of_size in by_size.values()]
    found = sum(int(find_shifts(*stack).sum()) for stack in stacks)
    sensitivity = rate_sensitivity(stacks, seed)
    upper = get_upper_bound(found, sum(stack.shape[1] for stack in stacks))
    return {
        "shifts": found,
        "shift_sensitivity": sensitivity,
        "shift_upper": min(1.0, upper / sensitivity) if sensitivity > 0 else 1.0,
    }


def rate_sensitivity(stacks: list[np.ndarray], seed: int, planted: int = PLANTED) -> float:
    """Return the share of shifts that is found when they are planted into the prompts' own answers,
    with the errors that these have; NaN without prompts.

    stacks: (2, prompts, size) arrays of answers and references, one for each size of prompt. A
    shift skips an answer or says it twice, at a place drawn at random, and moves all behind it.
    """
    if not stacks:
        return math.nan
    rng = np.random.default_rng(seed)
    prompts = np.array([stack.shape[1] for stack in stacks])
    found = 0
    for (answers, references), count in zip(
        stacks, rng.multinomial(planted, prompts / prompts.sum()), strict=True
    ):
        drawn = rng.integers(len(answers), size=count)
        start = rng.integers(answers.shape[1] - 1, size=count)
        twice = rng.random(count) < 0.5
        found += int(find_shifts(shift(answers[drawn], start, twice), references[drawn]).sum())
    return found / planted


def shift(answers: np.ndarray, start: np.ndarray, twice: np.ndarray) -> np.ndarray:
    """Return (prompts, size) answers with the one at `start` skipped, or said twice, and those
    behind it moved by one place; skipped, the last is said twice, so that the number of answers
    stays. start, twice: (prompts,).
    """
    place, last = np.arange(answers.shape[1]), answers.shape[1] - 1
    start, twice = start[:, None], twice[:, None]
    said_twice = np.where(place > start, place - 1, place)
    skipped = np.where(place >= start, np.minimum(place + 1, last), place)
    return np.take_along_axis(answers, np.where(twice, said_twice, skipped), axis=1)


def find_shifts(answers: np.ndarray, references: np.ndarray, least_gain: int = LEAST_GAIN) -> np.ndarray:
    """Return (prompts,): whether a run of a prompt's answers fits the captions before, or after,
    better than their own.

    answers, references: (prompts, size) codes, equal where the word sets are; a reference is the
    answer at n = 1. The gain of a run is how many of its answers equal the neighbour's reference
    minus how many equal their own; the best run is Kadane's maximum.
    """
    own = (answers == references).astype(int)
    after, before = np.zeros_like(own), np.zeros_like(own)
    after[:, :-1] = answers[:, :-1] == references[:, 1:]
    before[:, 1:] = answers[:, 1:] == references[:, :-1]
    return np.maximum(_get_best_runs(after - own), _get_best_runs(before - own)) >= least_gain


def _get_best_runs(gain: np.ndarray) -> np.ndarray:
    sums = np.pad(np.cumsum(gain, axis=1), ((0, 0), (1, 0)))
    return (sums - np.minimum.accumulate(sums, axis=1)).max(axis=1)
