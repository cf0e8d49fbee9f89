"""curves: from values (cases, turns) to levels, average and improvement rate, each with an interval or a reason."""

import numpy as np
from numpy.typing import NDArray

from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.figures import Curve, Estimate
from interalign.evaluation.metrics import alignment_levels, improvement_rate, normalised, slopes

__all__ = ["average_weights", "curve_of", "estimate", "undefined"]

# B replicates, N cases, K turns
Array = NDArray[np.float64]

_FLAT = 1e-12


def curve_of(values_NK: Array, bootstrap: ClusterBootstrap, sparse: bool = False) -> Curve:
    """All that one criterion or measure comes to.

    Where no case has a value at some turn, average and rate are undefined; the average of what is `sparse`, because it is
    measured at some turns only, is that of the turns that have one.
    """
    levels_K = alignment_levels(values_NK)
    draws_BK = bootstrap.levels(values_NK)
    there_K = ~np.isnan(levels_K)
    gap = (
        "" if there_K.all() else f"no value at turn {np.flatnonzero(~there_K)[0] + 1}" if there_K.any() else "no value"
    )
    whole = "" if sparse and there_K.any() else gap
    line = gap or ("one turn" if len(levels_K) < 2 else "")
    return Curve(
        levels=tuple(
            undefined("no value") if np.isnan(level) else estimate(level, draws_BK[:, place], bootstrap)
            for place, level in enumerate(levels_K)
        ),
        average=undefined(whole)
        if whole
        else estimate(levels_K[there_K].mean(), draws_BK[:, there_K].mean(axis=1), bootstrap),
        rate=undefined(line) if line else estimate(_rate(levels_K), slopes(draws_BK), bootstrap),
        **dict(zip(("r2", "normalised_rate", "normalised_r2"), _fit(levels_K, line), strict=True)),
        missing=tuple(int(count) for count in np.isnan(values_NK).sum(axis=0)),
    )


def average_weights(turns: int) -> Array:
    """The average as a weighted sum of the levels."""
    return np.full(turns, 1 / turns)


def estimate(value: float, draws_B: Array, bootstrap: ClusterBootstrap) -> Estimate:
    """A value with the interval of its replicates."""
    interval = bootstrap.interval(draws_B)
    if isinstance(interval, str):
        return Estimate(value=float(value), note=interval)
    return Estimate(value=float(value), low=interval[0], high=interval[1])


def undefined(why: str) -> Estimate:
    """No value, and the reason."""
    return Estimate(value=None, note=why)


def _rate(levels_K: Array) -> float:
    return 0.0 if np.ptp(levels_K) < _FLAT else float(slopes(levels_K))


def _fit(levels_K: Array, line: str) -> tuple[Estimate, Estimate, Estimate]:
    """R2, N-IR and N-R2. They have no interval: noise alone bends a straight curve, so their replicates miss the truth."""
    if line or np.ptp(levels_K) < _FLAT:
        none = undefined(line or "flat curve")
        return none, none, none
    mapped = normalised(levels_K.tolist())
    assert mapped is not None
    plain, scaled = improvement_rate(levels_K.tolist()), improvement_rate(mapped)
    return Estimate(value=plain.r2), Estimate(value=scaled.slope), Estimate(value=scaled.r2)
