"""metrics: how alignment develops over the turns of a conversation. Pure functions.

AL(k) and the improvement rate: Wu et al., COLING 2025 (arXiv 2410.03642); the normalised forms: RLPA (arXiv 2505.15456).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fit", "alignment_levels", "improvement_rate", "normalised", "slopes"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """The least-squares line AL(k) ~ slope * k + intercept over the turns k = 1, 2, ..."""

    slope: float
    """The improvement rate: gain in alignment per turn."""
    intercept: float
    r2: float | None
    """Coefficient of determination; None for a flat curve, where there is no variance to explain."""


def improvement_rate(levels: Sequence[float]) -> Fit:
    """Fit the alignment levels AL(1), AL(2), ...

    Raises:
        ValueError: fewer than two turns, or a level that is not finite.
    """
    if len(levels) < 2 or not np.isfinite(levels).all():
        raise ValueError(f"an improvement rate needs two or more finite levels, not {list(levels)!r}")
    values = np.asarray(levels, dtype=np.float64)
    turns = np.arange(1, len(values) + 1)
    slope, intercept = np.polyfit(turns, values, 1)
    total = float(((values - values.mean()) ** 2).sum())
    rest = float(((values - (slope * turns + intercept)) ** 2).sum())
    flat = np.ptp(values) == 0
    return Fit(0.0 if flat else float(slope), float(intercept), None if flat else 1 - rest / total)


def normalised(levels: Sequence[float]) -> tuple[float, ...] | None:
    """N-AL(k): the levels mapped onto 0 to 1; None for a flat curve, for which it is undefined.

    The slope of the result is N-IR: 0.111 for perfectly linear growth over 10 turns, 0.1515 at the most. It says nothing
    of how large the gain is, and its R2 equals that of the levels themselves.
    """
    low, high = min(levels), max(levels)
    if low == high:
        return None
    return tuple((level - low) / (high - low) for level in levels)


def alignment_levels(scores_NK: Array) -> Array:
    """AL(k) for scores (cases, turns): the mean over the cases that have a score at turn k; nan where none has."""
    there_K = (~np.isnan(scores_NK)).sum(axis=0)
    total_K = np.nansum(scores_NK, axis=0)
    return np.divide(total_K, there_K, out=np.full(scores_NK.shape[1], np.nan), where=there_K > 0)


def slopes(levels_BK: Array) -> Array:
    """The improvement rates of many curves (..., turns) at once: the least-squares slope over k = 1, 2, ..."""
    turns = levels_BK.shape[-1]
    steps_K = np.arange(turns) - (turns - 1) / 2
    return levels_BK @ steps_K / (steps_K @ steps_K)
