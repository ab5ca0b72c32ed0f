"""Is a difference of accuracy above -margin? The bounds and tests of the batch-size study.

The observations are (caption, prompt) pairs: a caption is asked in several prompts, and a prompt
holds several captions. Bounds and tests take whole prompts as their units.
"""

import math

import numpy as np
from scipy import stats

from unscene.batchsize.sample_sizes import CONFIDENCE

_CELLS_AT_ONCE = 20_000_000


def get_upper_bound(events: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound of a rate (Clopper & Pearson 1934, Biometrika 26); 1 without
    trials.
    """
    if trials == 0 or events >= trials:
        return 1.0
    return float(stats.beta.ppf(confidence, events + 1, trials - events))


def get_lower_bound(events: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided lower bound of a rate (as `get_upper_bound`); 0 without events."""
    if events == 0:
        return 0.0
    return float(stats.beta.ppf(1 - confidence, events, trials - events + 1))


def get_mcnemar_p(sums: np.ndarray) -> float:
    """Return the exact two-sided p of McNemar's test, clustered: the signs of whole prompts are
    flipped.

    sums: (prompts,) integers, captions right at the second size only minus those right at the first
    only. Under no difference each prompt's sum is as likely to have the other sign; p is the share
    of all sign patterns whose total is as far from 0. With one caption a prompt this is McNemar's
    exact test (McNemar 1947, Psychometrika 12). The patterns are counted by convolution, since the
    sums are integers.
    """
    sizes = np.abs(np.asarray(sums, int))
    sizes = sizes[sizes > 0]
    total = int(sizes.sum())
    chance = np.ones(1)  # of the totals -s, -s + 2, ... s, where s is the sum of the sizes so far
    for size in sizes:
        wider = np.zeros(len(chance) + size)
        wider[: len(chance)] += chance / 2
        wider[size:] += chance / 2
        chance = wider
    totals = 2 * np.arange(total + 1) - total
    return float(min(1.0, chance[np.abs(totals) >= abs(int(np.sum(sums)))].sum()))


def get_variance(influence: np.ndarray, caption: np.ndarray, prompt: np.ndarray) -> tuple[float, float]:
    """Return the variance of a sum of influences by prompts and captions, and that by prompts alone.

    V = V_caption + V_prompt - V_observation (Cameron, Gelbach & Miller 2011, JBES 29), never below
    V_prompt. influence: (observations,); caption, prompt: codes from 0.
    """
    by_prompt = float((np.bincount(prompt, weights=influence) ** 2).sum())
    by_caption = float((np.bincount(caption, weights=influence) ** 2).sum())
    return max(by_caption + by_prompt - float((influence**2).sum()), by_prompt), by_prompt


def bound_mean(
    difference: np.ndarray,
    caption: np.ndarray,
    prompt: np.ndarray,
    draws: int,
    seed: int,
    size: np.ndarray | None = None,
    confidence: float = CONFIDENCE,
) -> dict:
    """Return mean, one-sided bounds and standard error of differences observed in (caption, prompt)
    pairs.

    difference: (observations,) right at n minus right at 1. caption, prompt: (observations,) codes
    from 0. size: what each observation adds to the denominator (1, or for recall the true words of
    the caption). The unit of the bootstrap is the prompt: prompts are drawn with replacement, each
    with all its captions, and the bounds are BCa (Efron 1987, JASA 82; acceleration from the
    influence of each prompt). Captions that sit in several prompts make prompts dependent, which
    this draw does not see: so the bounds' distance from the mean is widened by sqrt(V / V_prompt),
    see `get_variance`. With one prompt a caption the factor is 1.
    """
    difference = np.asarray(difference, float)
    size = np.ones(len(difference)) if size is None else np.asarray(size, float)
    if not size.sum():
        return dict.fromkeys(("difference", "low", "high", "error", "widening"), math.nan)
    mean = float(difference.sum() / size.sum())
    centred = difference - mean * size
    influence = np.bincount(prompt, weights=centred)
    both, by_prompt = get_variance(centred, caption, prompt)
    widening = math.sqrt(both / by_prompt) if by_prompt > 0 else 1.0
    drawn = draw_means(
        np.bincount(prompt, weights=difference), np.bincount(prompt, weights=size), draws, seed
    )
    low, high = (get_bca_quantile(drawn, mean, influence, share) for share in (1 - confidence, confidence))
    return {
        "difference": mean,
        "low": mean - widening * (mean - low),
        "high": mean + widening * (high - mean),
        "error": math.sqrt(both) / float(size.sum()),
        "widening": widening,
    }


def bound_decline(
    change: np.ndarray,
    place: np.ndarray,
    caption: np.ndarray,
    prompt: np.ndarray,
    confidence: float = CONFIDENCE,
) -> dict:
    """Return how much accuracy declines from the first place to the last, with one-sided bounds and
    standard error; NaN where all places are one.

    change: (observations,) right at n minus right at 1. place: (observations,) from 0 to 1. The
    decline is minus the least-squares slope; its error is clustered (`get_variance`), its bounds
    use Student's t with the prompts less one as degrees of freedom.
    """
    centred = place - place.mean()
    spread = float((centred**2).sum())
    if not spread:
        return dict.fromkeys(("decline", "low", "high", "error"), math.nan)
    slope = float(centred @ change) / spread
    residual = change - change.mean() - slope * centred
    error = math.sqrt(get_variance(centred * residual, caption, prompt)[0]) / spread
    reach = error * float(stats.t.ppf(confidence, max(len(set(prompt.tolist())) - 1, 1)))
    return {"decline": -slope, "low": -slope - reach, "high": -slope + reach, "error": error}


def draw_means(sums: np.ndarray, sizes: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return (draws,) means over clusters drawn with replacement: sum of `sums` over sum of `sizes`.

    How often each cluster is drawn is multinomial; clusters with equal sum and size are one cell,
    so that ten thousand draws of ten thousand prompts stay cheap.
    """
    present = sizes > 0
    cells, counts = np.unique(np.stack([sums, sizes], axis=1)[present], axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // len(cells))
    means = np.empty(draws)
    for start in range(0, draws, at_once):
        stop = min(start + at_once, draws)
        weights = rng.multinomial(int(counts.sum()), counts / counts.sum(), size=stop - start)
        means[start:stop] = (weights @ cells[:, 0]) / (weights @ cells[:, 1])
    return means


def get_bca_quantile(drawn: np.ndarray, observed: float, influence: np.ndarray, share: float) -> float:
    """Return the BCa quantile of bootstrap draws (Efron 1987): bias and skewness move the share
    that is read off.

    influence: (clusters,) of the statistic. Draws that tie with the observed value count half.
    """
    below = (drawn < observed).mean() + (drawn == observed).mean() / 2
    if not 0 < below < 1:
        return float(np.quantile(drawn, share))
    bias = stats.norm.ppf(below)
    spread = (influence**2).sum()
    acceleration = (influence**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    z = bias + stats.norm.ppf(share)
    return float(np.quantile(drawn, stats.norm.cdf(bias + z / (1 - acceleration * z))))
