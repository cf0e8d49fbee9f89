"""estimates: a figure with its interval, or the reason why there is none: nothing undefined is ever printed as a number.

Intervals are 95 %. Shares of independent rows have Wilson's; everything else is resampled by cluster (a conversation, or
a persona), because what stands in one cluster is not independent, with percentiles as `evaluation.bootstrap` sets them. A
statistic is computed for all resamples at once: it is handed how often each cluster was drawn.

Arrays carry their dimensions: B resamples, C clusters, N units, K kinds of outcome, P pairs of raters.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from interalign.agents.seeds import derive
from interalign.evaluation.bootstrap import LEAST_CLUSTERS, expanded_tail
from interalign.evaluation.figures import Estimate

__all__ = [
    "Counted",
    "Floats",
    "Ints",
    "Statistic",
    "estimate",
    "numbered",
    "per_cluster",
    "ratio",
    "share",
    "undefined",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]
"""From weights (B, C) to values (B,), nan where it is undefined."""

RESAMPLES = 2000
_AT_ONCE = 4_000_000
"""Weights held at a time."""
_Z = NormalDist().inv_cdf(0.975)


class Counted(Estimate):
    """An estimate that says what it was counted over."""

    count: int = 0
    """Rows, comparisons or turns."""

    def text(self, form: str = ".2f") -> str:
        """As in a table: "0.61 [0.40, 0.79]", or "undefined: ..."."""
        if self.value is None:
            return f"undefined: {self.note}"
        form = f"+z{form[1:]}" if form.startswith("+") else f"z{form}"  # z: no minus before a zero
        value = f"{self.value:{form}}"
        return value if self.low is None or self.high is None else f"{value} [{self.low:{form}}, {self.high:{form}}]"


def undefined(why: str, count: int = 0) -> Counted:
    """No figure, and why."""
    return Counted(value=None, count=count, note=why)


def share(hits: int, total: int, why: str) -> Counted:
    """A share with Wilson's score interval (Wilson 1927); `why` says what is missing where the total is 0."""
    if total == 0:
        return undefined(why)
    found, square = hits / total, _Z**2 / total
    middle = (found + square / 2) / (1 + square)
    half = _Z * sqrt(found * (1 - found) / total + square / (4 * total)) / (1 + square)
    return Counted(value=found, low=max(0.0, middle - half), high=min(1.0, middle + half), count=total)


def estimate(statistic: Statistic, clusters: int, count: int, why: str, value: float | None = None) -> Counted:
    """The statistic over all clusters, with percentiles of the resamples in which it is defined.

    `value` is the figure itself where a library has computed it; `why` says what is missing where it is undefined.
    """
    if clusters == 0:
        return undefined(why, count)
    found = float(statistic(np.ones((1, clusters)))[0]) if value is None else value
    if np.isnan(found):
        return undefined(why, count)
    if clusters < LEAST_CLUSTERS:
        note = f"no interval: it needs {LEAST_CLUSTERS} independent clusters, and there are {clusters}"
        return Counted(value=found, count=count, note=note)
    values = _resampled(statistic, clusters)
    values = values[~np.isnan(values)]
    if len(values) < RESAMPLES / 2:
        return Counted(value=found, count=count, note="no interval: it is undefined in most resamples")
    tail = expanded_tail(clusters)
    low, high = np.quantile(values, (tail, 1 - tail))
    return Counted(value=found, low=float(low), high=float(high), count=count)


def _resampled(statistic: Statistic, clusters: int) -> Floats:
    """The statistic in each resample; a block of resamples at a time, so that memory stays small."""
    draw = np.random.default_rng(derive("bootstrap", clusters))
    even = np.full(clusters, 1 / clusters)
    block = max(1, min(RESAMPLES, _AT_ONCE // clusters))
    sizes = [min(block, RESAMPLES - done) for done in range(0, RESAMPLES, block)]
    return np.concatenate([statistic(draw.multinomial(clusters, even, size).astype(np.float64)) for size in sizes])


def numbered(names: Sequence[str]) -> Ints:
    """A number from 0 for each different name, in the order of their first appearance."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def per_cluster(values_NX: Floats, clusters_N: Ints) -> Floats:
    """Sums over the units of each cluster, (C, X)."""
    sums_CX = np.zeros((int(clusters_N.max(initial=-1)) + 1, values_NX.shape[1]))
    np.add.at(sums_CX, clusters_N, values_NX)
    return sums_CX


def ratio(values_N: Floats, weights_N: Floats, clusters_N: Ints, why: str) -> Counted:
    """Sum of the values over sum of the weights, resampled by cluster: a mean, with weights of 1."""
    sums_C2 = per_cluster(np.stack([values_N, weights_N], axis=1), clusters_N)
    sums_C2 = sums_C2[sums_C2[:, 1] > 0]

    def statistic(weights_BC: Floats) -> Floats:
        above, below = (weights_BC @ sums_C2).T
        return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)

    return estimate(statistic, len(sums_C2), int(weights_N.sum()), why)
