"""comparison: two models on the same cases: paired difference, interval, p-value, effect size, what could have been found.

Only cases and turns that both have a score for are compared, so that neither gains by failing where it is hard.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interalign.evaluation.bootstrap import CONFIDENCE, ClusterBootstrap
from interalign.evaluation.curves import average_weights, curve_of, undefined
from interalign.evaluation.figures import Difference, Estimate, Family
from interalign.evaluation.permutation import sign_flip
from interalign.evaluation.student import t_quantile

__all__ = ["compare", "detectable", "effect_size", "holm"]

# N cases, G clusters, K turns
Array = NDArray[np.float64]

POWER = 0.8


def compare(
    a_NK: Array, b_NK: Array, names: tuple[str, str], family: Family, bootstrap: ClusterBootstrap
) -> Difference:
    """The difference a - b. Its `p_holm` is p until `holm` has seen the others of the family."""
    gap_NK = a_NK - b_NK
    curve = curve_of(gap_NK, bootstrap)
    p = None if curve.average.value is None else sign_flip(_parts(gap_NK, bootstrap))
    return Difference(
        a=names[0],
        b=names[1],
        family=family,
        pairs=int((~np.isnan(gap_NK)).sum()),
        average=curve.average,
        rate=curve.rate,
        p=p,
        p_holm=p,
        effect=effect_size(gap_NK),
        detectable=None if p is None else detectable(gap_NK, bootstrap),
    )


def effect_size(gap_NK: Array) -> Estimate:
    """d_z of paired differences (Cohen, Statistical Power Analysis, 1988, section 2.3.5): mean by standard deviation, over the
    cases, of each case's mean difference. Turns are averaged first, so it grows with their number.
    """
    there_N = ~np.isnan(gap_NK).all(axis=1)
    means_N = np.nanmean(gap_NK[there_N], axis=1)
    if len(means_N) < 2:
        return undefined("fewer than two cases")
    spread = float(means_N.std(ddof=1))
    if spread < 1e-12:
        return undefined("every case differs by the same")
    return Estimate(value=float(means_N.mean()) / spread)


def detectable(gap_NK: Array, bootstrap: ClusterBootstrap) -> float | None:
    """The minimum detectable difference: (t(1 - alpha / 2) + t(power)) standard errors, t with G - 1 degrees of freedom (Bloom,
    Minimum Detectable Effects, Evaluation Review 19(5), 1995); the standard error is the clustered one of these differences.
    """
    error = bootstrap.standard_error(gap_NK, average_weights(gap_NK.shape[1]))
    if not error:
        return None
    freedom = bootstrap.count - 1
    return (t_quantile((1 + CONFIDENCE) / 2, freedom) + t_quantile(POWER, freedom)) * error


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979); None is no test and does not count."""
    tests = sorted((value, place) for place, value in enumerate(values) if value is not None)
    adjusted: list[float | None] = [None] * len(values)
    largest = 0.0
    for done, (value, place) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - done) * value))
        adjusted[place] = largest
    return adjusted


def _parts(gap_NK: Array, bootstrap: ClusterBootstrap) -> Array:
    """What each cluster adds to the average difference."""
    counts_K = bootstrap.counts(gap_NK).sum(axis=0)
    return (bootstrap.sums(gap_NK) / counts_K).mean(axis=1)
