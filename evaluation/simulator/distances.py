"""distances: how far two samples lie apart, many weighted samples at once."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["jensen_shannon", "wasserstein"]

# B replicates, L values in ascending order, V words
Array = NDArray[np.float64]


def wasserstein(one_BL: Array, other_BL: Array, step: float = 1.0) -> Array:
    """The first Wasserstein distance of two histograms over the same values, `step` apart: the area between their distribution
    functions (Vallender, Theory of Probability and Its Applications 18, 1974), in the unit of the values.
    """
    gap_BL = np.cumsum(_shares(one_BL), axis=-1) - np.cumsum(_shares(other_BL), axis=-1)
    return step * np.abs(gap_BL).sum(axis=-1)


def jensen_shannon(one_BV: Array, other_BV: Array) -> Array:
    """The Jensen-Shannon divergence of two distributions in bits, from 0 (equal) to 1 (nothing in common)
    (Lin, Divergence Measures Based on the Shannon Entropy, 1991).
    """
    one_BV, other_BV = _shares(one_BV), _shares(other_BV)
    middle_BV = (one_BV + other_BV) / 2
    return np.maximum(0.0, _entropy(middle_BV) - (_entropy(one_BV) + _entropy(other_BV)) / 2)


def _shares(counts_BL: Array) -> Array:
    total_B1 = counts_BL.sum(axis=-1, keepdims=True)
    return counts_BL / np.where(total_B1 > 0, total_B1, np.nan)


def _entropy(shares_BV: Array) -> Array:
    return -(shares_BV * np.log2(np.where(shares_BV > 0, shares_BV, 1.0))).sum(axis=-1)
