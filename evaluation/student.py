"""student: quantiles of Student's t and of the normal distribution, without scipy, which is no core dependency."""

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = ["normal_cdf", "t_cdf", "t_quantile"]

_NORMAL = NormalDist()


def normal_cdf(value: float) -> float:
    """P(Z <= value)."""
    return _NORMAL.cdf(value)


def t_cdf(value: float, freedom: int) -> float:
    """P(T <= value) for a whole number of degrees of freedom: the finite series 26.7.3 and 26.7.4 of Abramowitz and Stegun."""
    angle = math.atan2(value, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    inside = (angle + sine * total) * 2 / math.pi if odd else sine * total
    return 0.5 + inside / 2


@lru_cache(maxsize=1024)
def t_quantile(chance: float, freedom: int) -> float:
    """The value that T stays below with this chance, 0 < chance < 1; by bisection to the last digits.

    Beyond 1,000 degrees of freedom the normal quantile is taken: they differ by less than 0.003.
    """
    if freedom > 1000:
        return _NORMAL.inv_cdf(chance)
    if chance < 0.5:
        return -t_quantile(1 - chance, freedom)
    low, high = 0.0, 1.0
    while t_cdf(high, freedom) < chance:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, freedom) < chance else (low, middle)
    return (low + high) / 2
