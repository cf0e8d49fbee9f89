"""bootstrap: intervals by drawing whole clusters of cases with replacement.

The cases of one profile share its facts, so that they are not independent: what is drawn is profiles, each with all its cases
and turns (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). One set of draws serves everything
that is measured on the same cases, which keeps comparisons paired.

With 20 clusters the plain percentile interval is too short and covers about 92 %. Here the percentiles are moved outwards to
where a t distribution with G - 1 degrees of freedom and an unbiased variance would put them: "expanded percentile", Hesterberg,
What Teachers Should Know About the Bootstrap, The American Statistician 69(4), 2015. Below `LEAST_CLUSTERS` nothing that can be
drawn lies far enough out; then there is no interval. `benchmarks/interval_coverage.py` measures what it covers.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from interalign.evaluation.student import normal_cdf, t_quantile

__all__ = ["CONFIDENCE", "LEAST_CLUSTERS", "REPLICATES", "ClusterBootstrap"]

# B replicates, N cases, G clusters, K turns
Array: TypeAlias = NDArray[np.float64]

CONFIDENCE = 0.95
REPLICATES = 10_000
LEAST_CLUSTERS = 6
_MOST_LOST = 0.05
_SAME = 1e-12


class ClusterBootstrap:
    """Draws of clusters, reproducible by their seed."""

    def __init__(
        self, clusters: Sequence[str], seed: int = 0, replicates: int = REPLICATES, unit: str = "profile"
    ) -> None:
        """`clusters` says for each case which cluster it belongs to, `unit` what a cluster is."""
        self.unit = unit
        numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
        self.count = len(numbers)
        self._cluster_N = np.array([numbers[name] for name in clusters], dtype=np.intp)
        draw = np.random.default_rng(seed)
        self._times_BG = draw.multinomial(self.count, np.full(self.count, 1 / self.count), size=replicates).astype(
            float
        )

    def sums(self, values_NK: Array) -> Array:
        """The sum over the cases of each cluster, (clusters, turns); what is nan counts as nothing."""
        sums_GK = np.zeros((self.count, values_NK.shape[1]))
        np.add.at(sums_GK, self._cluster_N, np.nan_to_num(values_NK))
        return sums_GK

    def counts(self, values_NK: Array) -> Array:
        """How many values each cluster has at each turn, (clusters, turns)."""
        return self.sums((~np.isnan(values_NK)).astype(float))

    def totals(self, values_NK: Array) -> Array:
        """The sum over the drawn cases in each replicate, (replicates, turns)."""
        return self._times_BG @ self.sums(values_NK)

    def levels(self, values_NK: Array) -> Array:
        """AL(k) in each replicate, (replicates, turns); nan where a replicate has no value."""
        there_BK = self.totals((~np.isnan(values_NK)).astype(float))
        total_BK = self.totals(values_NK)
        return np.divide(total_BK, there_BK, out=np.full_like(total_BK, np.nan), where=there_BK > 0)

    def standard_error(self, values_NK: Array, weights_K: Array) -> float | None:
        """The standard error of sum_k weights(k) AL(k), by linearisation over clusters; None for a single cluster.

        Each AL(k) is a ratio of sums over clusters; the variance is that of the clusters' residuals, times G / (G - 1)
        (Cochran, Sampling Techniques, 3rd edition, 1977, section 9A.3 for one turn).
        """
        if self.count < 2:
            return None
        counts_GK = self.counts(values_NK)
        levels_K = self.sums(values_NK).sum(axis=0) / counts_GK.sum(axis=0)
        residuals_GK = (self.sums(values_NK) - levels_K * counts_GK) / counts_GK.sum(axis=0)
        return math.sqrt(self.count / (self.count - 1) * float(((residuals_GK @ weights_K) ** 2).sum()))

    def interval(self, draws_B: Array) -> tuple[float, float] | str:
        """The interval of a statistic from its replicates, or why there is none."""
        if self.count < LEAST_CLUSTERS:
            return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}; an interval needs {LEAST_CLUSTERS}"
        kept = draws_B[np.isfinite(draws_B)]
        if len(kept) < (1 - _MOST_LOST) * len(draws_B):
            return "too few values"
        if np.ptp(kept) < _SAME:
            return "every draw is the same"
        tail = expanded_tail(self.count)
        low, high = np.quantile(kept, (tail, 1 - tail))
        return float(low), float(high)


def expanded_tail(clusters: int, confidence: float = CONFIDENCE) -> float:
    """The share of replicates beyond each end of the interval."""
    quantile = t_quantile((1 + confidence) / 2, clusters - 1)
    return normal_cdf(-math.sqrt(clusters / (clusters - 1)) * quantile)
