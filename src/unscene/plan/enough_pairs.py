"""Whether pairs are enough to train on: `unscene new`, a plan and a pilot say it alike."""

from collections.abc import Mapping

from unscene.run.configuration import is_trained

# Fewer photo groups show that everything runs, and teach a CLIP nothing.
LEAST = 64


def count_needed(arms: Mapping, batch_pairs: int) -> int:
    """Return how many photo groups a batch takes, of the arm that takes most. Random batches keep each
    pair apart: both halves are of other groups.
    """
    trained = [arm for arm in arms.values() if arm is not None and is_trained(arm)]
    return max((batch_pairs * (1 + (arm["batches"] == "random")) for arm in trained), default=0)


def count_trained(groups: float, folds: int) -> int:
    """Return how many of so many photo groups a fold trains on."""
    return int(groups * (folds - 1) / folds)


def judge_pairs(trained: int, needed: int) -> str:
    """Return what so many photo groups to train on come to; "" where they are enough."""
    if trained < needed:
        return "training may stop for want of pairs"
    return "too few to learn from, enough to see all stages" if trained < LEAST else ""
