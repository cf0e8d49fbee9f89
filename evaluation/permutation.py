"""permutation: is a paired difference more than chance? Signs are flipped, for whole clusters at a time.

If two models were alike, each cluster's difference could as well have come out with the other sign. The p-value is the share of
all assignments of signs whose sum lies as far from zero as what was seen. Up to 20 clusters all of them are counted; beyond,
random ones, and what was seen counts as one of them, so that p is never zero (Phipson and Smyth, Permutation p-values should
never be zero, 2010).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT_CLUSTERS", "sign_flip"]

EXACT_CLUSTERS = 20
DRAWS = 19_999
_ROUNDING = 1e-9


def sign_flip(parts_G: NDArray[np.float64], seed: int = 0) -> float:
    """Two-sided p-value for the sum of the clusters' parts; a zero is no evidence for either side."""
    parts_G = parts_G[np.abs(parts_G) > 0]
    seen = abs(parts_G.sum()) - _ROUNDING * np.abs(parts_G).sum()
    if len(parts_G) <= EXACT_CLUSTERS:
        return float((np.abs(_all_sums(parts_G)) >= seen).mean())
    draw = np.random.default_rng(seed)
    signs_BG = draw.integers(0, 2, (DRAWS, len(parts_G)), dtype=np.int8)
    sums_B = 2 * (signs_BG @ parts_G) - parts_G.sum()
    return float((1 + (np.abs(sums_B) >= seen).sum()) / (1 + DRAWS))


def _all_sums(parts_G: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum under each of the 2^G assignments of signs."""
    sums = np.zeros(1)
    for part in parts_G:
        sums = np.concatenate([sums + part, sums - part])
    return sums
