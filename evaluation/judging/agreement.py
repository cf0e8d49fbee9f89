"""agreement: how far raters say the same of the same units, beyond chance.

Cohen's kappa for two raters, Krippendorff's alpha (nominal) for any number. A tie is an outcome of its own beside a and b. What
a rater left unscored, or never saw, is missing: kappa leaves the unit out, alpha does without that rater there.

The figures come from scikit-learn and krippendorff; the intervals resample clusters of units, through sums that are additive over
units, so that a thousand resamples take some milliseconds. A test holds the two ways of computing to each other.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interalign.agents import Outcome
from interalign.errors import MissingError
from interalign.evaluation.judging.estimates import Counted, Floats, Ints, estimate, per_cluster, undefined

__all__ = ["KINDS", "alpha", "coded", "kappa", "mean_kappa", "require_agreement"]

KINDS: tuple[Outcome, ...] = ("a", "b", "tie")
_MISSING = -1


def require_agreement() -> tuple[Any, Any]:
    """scikit-learn's kappa and krippendorff's alpha. Raises MissingError where the extra is not installed."""
    try:
        from krippendorff import alpha
        from sklearn.metrics import cohen_kappa_score
    except ImportError:
        raise MissingError(
            "agreement between judges needs the extra 'agreement'; pip install 'interalign[agreement]'"
        ) from None
    return cohen_kappa_score, alpha


def coded(outcomes: Sequence[Outcome | None]) -> Ints:
    """Outcomes as numbers; None and "unscored" are missing."""
    codes: dict[Outcome | None, int] = {kind: place for place, kind in enumerate(KINDS)}
    return np.array([codes.get(outcome, _MISSING) for outcome in outcomes], dtype=np.int64)


def kappa(first_N: Ints, second_N: Ints, clusters_N: Ints) -> Counted:
    """Cohen's kappa over the units that both rated."""
    return mean_kappa([(first_N, second_N)], clusters_N)


def mean_kappa(pairs: Sequence[tuple[Ints, Ints]], clusters_N: Ints) -> Counted:
    """The mean of Cohen's kappas of several pairs of raters; pairs for which it is undefined are left out."""
    cohen, _ = require_agreement()
    values, tables = [], []
    count, why = 0, "there are no two raters"
    for first_N, second_N in pairs:
        both = (first_N >= 0) & (second_N >= 0)
        seen = np.unique(np.concatenate([first_N[both], second_N[both]]))
        if len(seen) > 1:
            values.append(float(cohen(first_N[both], second_N[both], labels=range(len(KINDS)))))
            tables.append(_tables(first_N, second_N, both, clusters_N))
            count = max(count, int(both.sum()))
        elif len(seen):
            why = f"both say {KINDS[seen[0]]!r} every time, which leaves no chance agreement to go beyond"
        else:
            why = "nothing was scored by both"
    if not values:
        return undefined(why)
    tables_PCK = np.stack(tables)
    tables_PCK = tables_PCK[:, tables_PCK.any(axis=(0, 2))]
    return estimate(
        lambda weights_BC: _kappas(weights_BC, tables_PCK), tables_PCK.shape[1], count, why, float(np.mean(values))
    )


def _tables(first_N: Ints, second_N: Ints, both_N: Any, clusters_N: Ints) -> Floats:
    """For each cluster how often which outcome met which, (C, K * K)."""
    kinds = len(KINDS)
    cells_NK = np.eye(kinds * kinds)[np.where(both_N, first_N * kinds + second_N, 0)] * both_N[:, None]
    return per_cluster(cells_NK, clusters_N)


def _kappas(weights_BC: Floats, tables_PCK: Floats) -> Floats:
    """1 - observed disagreement / disagreement by chance, for all resamples, as the mean over the pairs."""
    kinds = len(KINDS)
    tables_PBKK = (weights_BC @ tables_PCK).reshape(len(tables_PCK), len(weights_BC), kinds, kinds)
    total_PB = tables_PBKK.sum(axis=(2, 3))
    rows_PBK, columns_PBK = tables_PBKK.sum(axis=3), tables_PBKK.sum(axis=2)
    unlike_PB = total_PB - np.trace(tables_PBKK, axis1=2, axis2=3)
    chance_PB = total_PB**2 - (rows_PBK * columns_PBK).sum(axis=2)
    defined_PB = chance_PB > 0
    kappas_PB = 1 - np.divide(unlike_PB * total_PB, chance_PB, out=np.zeros_like(chance_PB), where=defined_PB)
    known_B = defined_PB.sum(axis=0)
    sums_B = (kappas_PB * defined_PB).sum(axis=0)
    return np.divide(sums_B, known_B, out=np.full(len(weights_BC), np.nan), where=known_B > 0)


def alpha(codes_NR: Ints, clusters_N: Ints) -> Counted:
    """Krippendorff's alpha, nominal, over the units that two or more raters rated; codes are (units, raters)."""
    _, library = require_agreement()
    counts_NK = (codes_NR[:, :, None] == np.arange(len(KINDS))).sum(axis=1)
    pairable = counts_NK.sum(axis=1) > 1
    seen = np.flatnonzero(counts_NK[pairable].sum(axis=0))
    if len(seen) == 0:
        return undefined("nothing was scored by two raters")
    if len(seen) == 1:
        return undefined(f"all say {KINDS[seen[0]]!r} every time, which leaves no chance agreement to go beyond")
    value = float(library(value_counts=counts_NK[pairable], level_of_measurement="nominal"))
    sums_CK = per_cluster(_coincidences(counts_NK * pairable[:, None]), clusters_N)
    sums_CK = sums_CK[sums_CK.any(axis=1)]
    return estimate(lambda weights_BC: _alphas(weights_BC @ sums_CK), len(sums_CK), int(pairable.sum()), "", value)


def _coincidences(counts_NK: Ints) -> Floats:
    """For each unit: its coincidences of equal values, and how often each value stands in it, (N, 1 + K)."""
    raters_N = counts_NK.sum(axis=1)
    equal_N = (counts_NK * (counts_NK - 1)).sum(axis=1) / np.maximum(raters_N - 1, 1)
    return np.concatenate([equal_N[:, None], counts_NK.astype(np.float64)], axis=1)


def _alphas(sums_BK: Floats) -> Floats:
    """1 - observed disagreement / disagreement by chance, from the sums of `_coincidences`."""
    equal_B, counts_BK = sums_BK[:, 0], sums_BK[:, 1:]
    total_B = counts_BK.sum(axis=1)
    chance_B = total_B**2 - (counts_BK**2).sum(axis=1)
    unlike_B = (total_B - equal_B) * (total_B - 1)
    return 1 - np.divide(unlike_B, chance_B, out=np.full_like(chance_B, np.nan), where=chance_B > 0)
