"""How many captions and prompts the batch-size study needs, and what it can decide with fewer.

The formulas of the plan, of the check of the config and of the study's own text. Only the standard
library, since the config is checked each time that the workflow is parsed.
"""

import math
from statistics import NormalDist

CONFIDENCE = 0.95  # one-sided
POWER = 0.9
ROUNDS = 2  # at n = 1
LEAST_GAIN = 3  # answers that a run of neighbours explains better before it counts as a shift
# A steady decline of twice the margin, from first to last place, costs the mean caption the margin.
MARGINS_OF_DECLINE = 2
# Assumed before a study: the chance that two captions mention different words. It was .93 on one
# caption each of 62 photos of COCO, by the lexicon; with less, more prompts are needed.
WORDS_DIFFER = 0.85


def get_z(share: float) -> float:
    """Return the standard normal quantile of a share."""
    return NormalDist().inv_cdf(share)


def get_error(captions: int, discordance: float, permutations: int = 1, rounds: int = ROUNDS) -> float:
    """Return the standard error of the accuracy at n minus that at 1: sqrt(d (1/R + 1/P) / (2 M)).

    discordance: d, the share of captions that exactly one answer at n and one at 1 gets right,
    where both sizes are equally good. Half of it comes from n = 1, averaged over R rounds, half
    from n, averaged over P permutations: answers to one caption err independently of each other,
    given how hard the caption is.
    """
    return math.sqrt(discordance * (1 / rounds + 1 / permutations) / 2 / captions)


def get_decline_error(
    captions: int, discordance: float, permutations: int, size: int, rounds: int = ROUNDS
) -> float:
    """Return the standard error of the decline from first to last place: sqrt(d (1 + 1/R) / (2 M
    P)) / s.

    s: standard deviation of the place in a prompt of `size`, from 0 to 1: sqrt((n + 1) / 12 / (n -
    1)). The orders are random, so the answers at n = 1 stand at independent places.
    """
    spread = math.sqrt((size + 1) / 12 / (size - 1))
    return math.sqrt(discordance * (1 + 1 / rounds) / 2 / (captions * permutations)) / spread


def get_power(error: float, margin: float, confidence: float = CONFIDENCE) -> float:
    """Return the chance that an estimate with this standard error shows a loss below the margin
    where there is none: Phi(margin / error - z).
    """
    if error == 0:
        return 1.0
    return NormalDist().cdf(margin / error - get_z(confidence))


def get_detectable(error: float, power: float = POWER, confidence: float = CONFIDENCE) -> float:
    """Return the loss that an estimate with this standard error tells from none with this power:
    (z_confidence + z_power) error. It is also the margin at which `get_power` is this power.
    """
    return (get_z(confidence) + get_z(power)) * error


def count_captions_needed(
    discordance: float,
    margin: float,
    permutations: int = 1,
    rounds: int = ROUNDS,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int:
    """Return M = (z_confidence + z_power)^2 d (1/R + 1/P) / (2 margin^2): captions that show
    non-inferiority with this power.

    With one round and one permutation it is 8.564 d / margin^2 at one-sided .05 and power .9. (Nam
    1997, Biometrics 53: paired proportions.) discordance, permutations, rounds: see `get_error`.
    """
    factor = (get_z(confidence) + get_z(power)) ** 2
    return math.ceil(factor * get_error(1, discordance, permutations, rounds) ** 2 / margin**2)


def count_prompts_needed(margin: float, sensitivity: float = 1.0, confidence: float = CONFIDENCE) -> int:
    """Return K: with no event found in K prompts, the upper bound of the rate of events is at most
    `margin` (299 at 1 point), when an event is found with the chance `sensitivity`.
    """
    return math.ceil(math.log(1 - confidence) / math.log(1 - margin * sensitivity))


def get_sensitivity(size: int, differ: float = WORDS_DIFFER, least_gain: int = LEAST_GAIN) -> float:
    """Return the chance that a shift in a prompt of `size` is found, where two captions mention
    different words with the chance `differ` and no answer errs otherwise.

    A shift that moves L answers, with each L from 1 to n - 1 equally likely, is found when at least
    `least_gain` of them differ from their neighbour: the mean over L of P(Binomial(L, differ) >=
    least_gain).
    """

    found = 0.0
    for moved in range(least_gain, size):
        missed = (math.comb(moved, k) * differ**k * (1 - differ) ** (moved - k) for k in range(least_gain))
        found += 1 - sum(missed)
    return found / (size - 1)
