"""Is a difference of accuracy above -margin? Sample sizes, power, and the bounds of the batch-size study.

The observations are (caption, prompt) pairs: a caption is asked in several prompts, and a prompt
holds several captions.
"""

import math

import numpy as np
from scipy import stats

CONFIDENCE = 0.95  # one-sided
_CELLS_AT_ONCE = 20_000_000


def count_captions_needed(
    discordance: float, margin: float, power: float = 0.9, confidence: float = CONFIDENCE
) -> int:
    """Return M = (z_confidence + z_power)^2 discordance / margin^2: captions that show
    non-inferiority with this power.

    discordance: share of captions that exactly one of two sizes gets right, when both are equally
    good; the factor is 8.564 at one-sided .05 and power .9. (Nam 1997, Biometrics 53: paired
    proportions.)
    """
    factor = (stats.norm.ppf(confidence) + stats.norm.ppf(power)) ** 2
    return math.ceil(factor * discordance / margin**2)


def get_power(captions: int, discordance: float, margin: float, confidence: float = CONFIDENCE) -> float:
    """Return the chance that `captions` captions show non-inferiority of a size that is as good:
    the formula above, solved.
    """
    if discordance == 0:
        return 1.0
    shift = margin * math.sqrt(captions / discordance)
    return float(stats.norm.cdf(shift - stats.norm.ppf(confidence)))


def count_prompts_needed(margin: float, confidence: float = CONFIDENCE) -> int:
    """Return K: with no event in K prompts, the upper bound of the rate of events is at most
    `margin` (299 at 1 point).
    """
    return math.ceil(math.log(1 - confidence) / math.log(1 - margin))


def get_upper_bound(events: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound of a rate (Clopper & Pearson 1934, Biometrika 26); 1 without
    trials.
    """
    if trials == 0 or events >= trials:
        return 1.0
    return float(stats.beta.ppf(confidence, events + 1, trials - events))


def get_mcnemar_p(lost: int, won: int) -> float:
    """Return the exact two-sided p of McNemar's test: `lost` captions right at the first size only,
    `won` at the second only.
    """
    if lost + won == 0:
        return 1.0
    return float(stats.binomtest(lost, lost + won, 0.5).pvalue)


def bound_mean(
    difference: np.ndarray,
    caption: np.ndarray,
    prompt: np.ndarray,
    draws: int,
    seed: int,
    size: np.ndarray | None = None,
    confidence: float = CONFIDENCE,
) -> dict:
    """Return mean, one-sided lower bound and standard error of differences observed in (caption,
    prompt) pairs.

    difference: (observations,) right at n minus right at 1. caption, prompt: (observations,) codes
    from 0. size: what each observation adds to the denominator (1, or for recall the true words of
    the caption). The unit of the bootstrap is the prompt: prompts are drawn with replacement, each
    with all its captions, and the bound is BCa (Efron 1987, JASA 82; acceleration from the
    influence of each prompt). Captions that sit in several prompts make prompts dependent, which
    this draw does not see: so the bound's distance from the mean is widened by sqrt(V / V_prompt),
    with V = V_caption + V_prompt - V_observation the two-way variance of Cameron, Gelbach & Miller
    2011 (JBES 29), and never narrowed. With one prompt a caption the factor is 1.
    """
    difference = np.asarray(difference, float)
    size = np.ones(len(difference)) if size is None else np.asarray(size, float)
    if not size.sum():
        return {"difference": math.nan, "low": math.nan, "error": math.nan, "widening": math.nan}
    mean = float(difference.sum() / size.sum())
    centred = difference - mean * size
    influence = np.bincount(prompt, weights=centred)
    by_prompt = float((influence**2).sum())
    by_caption = float((np.bincount(caption, weights=centred) ** 2).sum())
    both = max(by_caption + by_prompt - float((centred**2).sum()), by_prompt)
    widening = math.sqrt(both / by_prompt) if by_prompt > 0 else 1.0
    drawn = draw_means(
        np.bincount(prompt, weights=difference), np.bincount(prompt, weights=size), draws, seed
    )
    low = get_bca_quantile(drawn, mean, influence, 1 - confidence)
    return {
        "difference": mean,
        "low": mean - widening * (mean - low),
        "error": math.sqrt(both) / float(size.sum()),
        "widening": widening,
    }


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
