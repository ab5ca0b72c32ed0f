"""Distances between sets of photos by their features: KID and CMMD."""

import numpy as np

BANDWIDTH, CMMD_SCALE = 10.0, 1000.0
KID_SUBSETS = 100
_ROWS_AT_ONCE = 1000


def measure_cmmd(first: np.ndarray, second: np.ndarray) -> float:
    """Return CMMD between two sets of normalised CLIP features (n, d), (m, d): 1000 x the squared
    MMD, 0 for equal sets.

    Gaussian kernel of bandwidth 10, the biased estimator: Jayasumana et al., Rethinking FID, CVPR
    2024 (arXiv 2401.09603).
    """
    within = _mean_kernel(first, first) + _mean_kernel(second, second)
    return CMMD_SCALE * (within - 2 * _mean_kernel(first, second))


def measure_kid(real: np.ndarray, made: np.ndarray, seed: int) -> tuple[float, float]:
    """Return the kernel distance of two sets of features, and its spread over 100 random subsets of
    half the smaller set.

    The unbiased estimator with the kernel (x.y / d + 1)^3: Binkowski et al., Demystifying MMD GANs,
    ICLR 2018, as torchmetrics has it, on CLIP's features in place of Inception's.
    """
    import torch
    from torchmetrics.image.kid import KernelInceptionDistance

    size = max(2, min(len(real), len(made)) // 2)
    metric = KernelInceptionDistance(feature=torch.nn.Identity(), subsets=KID_SUBSETS, subset_size=size)
    metric.update(torch.from_numpy(np.asarray(real, np.float32)), real=True)
    metric.update(torch.from_numpy(np.asarray(made, np.float32)), real=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean, spread = metric.compute()
    return float(mean), float(spread)


def _mean_kernel(first: np.ndarray, second: np.ndarray) -> float:
    """Mean of the Gaussian kernel over all pairs, a block of rows at a time."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    norms, total = (second**2).sum(axis=1), 0.0
    for start in range(0, len(first), _ROWS_AT_ONCE):
        rows = first[start : start + _ROWS_AT_ONCE]
        distance = (rows**2).sum(axis=1)[:, None] + norms[None] - 2 * rows @ second.T
        total += np.exp(-np.maximum(distance, 0) / (2 * BANDWIDTH**2)).sum()
    return float(total / (len(first) * len(second)))
