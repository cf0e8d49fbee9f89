"""permutation: is a paired difference more than chance? Signs are flipped, for whole clusters at a time.

If two models were alike, each cluster's difference could as well have come out with the other sign. The p-value is the share of
all assignments of signs whose sum lies as far from zero as what was seen. Up to 30 clusters all of them are counted, which is
exact; beyond, random ones, and what was seen counts as one of them, so that p is never zero (Phipson and Smyth, Permutation
p-values should never be zero, Statistical Applications in Genetics and Molecular Biology 9(1), 2010).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT_CLUSTERS", "sign_flip"]

EXACT_CLUSTERS = 30
DRAWS = 19_999
_ROUNDING = 1e-9


def sign_flip(parts_G: NDArray[np.float64], seed: int = 0) -> float:
    """Two-sided p-value for the sum of the clusters' parts; a part of zero is no evidence for either side."""
    parts_G = parts_G[np.abs(parts_G) > 0]
    seen = abs(parts_G.sum()) - _ROUNDING * np.abs(parts_G).sum()
    if seen <= 0:
        return 1.0
    if len(parts_G) <= EXACT_CLUSTERS:
        return _exact(parts_G, float(seen))
    draw = np.random.default_rng(seed)
    signs_BG = draw.integers(0, 2, (DRAWS, len(parts_G)), dtype=np.int8)
    sums_B = 2 * (signs_BG @ parts_G) - parts_G.sum()
    return float((1 + (np.abs(sums_B) >= seen).sum()) / (1 + DRAWS))


def _exact(parts_G: NDArray[np.float64], seen: float) -> float:
    """The share of all 2^G sums that are `seen` or more from zero. Each is a sum of one half of the clusters plus one of the
    other; for each of the first, a search in the second, sorted, says how many are far enough.
    """
    one, other = _all_sums(parts_G[::2]), np.sort(_all_sums(parts_G[1::2]))
    high = len(other) - np.searchsorted(other, seen - one, side="left")
    low = np.searchsorted(other, -seen - one, side="right")
    return float((high + low).sum() / (len(one) * len(other)))


def _all_sums(parts_G: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum under each of the 2^G assignments of signs."""
    sums = np.zeros(1)
    for part in parts_G:
        sums = np.concatenate([sums + part, sums - part])
    return sums
