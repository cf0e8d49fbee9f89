"""Student's t: against tables, closed forms and scipy."""

import math

import pytest

from interalign.evaluation.student import t_cdf, t_quantile


@pytest.mark.parametrize(
    ("chance", "freedom", "value"),
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 19, 2.093),
        (0.8, 19, 0.861),
        (0.95, 10, 1.812),
        (0.975, 10**6, 1.96),
    ],
)
def test_the_table_in_every_textbook(chance: float, freedom: int, value: float) -> None:
    assert t_quantile(chance, freedom) == pytest.approx(value, abs=5e-4)
    assert t_quantile(1 - chance, freedom) == pytest.approx(-value, abs=5e-4)


@pytest.mark.parametrize("value", [-30.0, -1.5, 0.0, 0.3, 4.0])
def test_closed_forms_for_one_and_two_degrees_of_freedom(value: float) -> None:
    assert t_cdf(value, 1) == pytest.approx(0.5 + math.atan(value) / math.pi)
    assert t_cdf(value, 2) == pytest.approx(0.5 + value / (2 * math.sqrt(2 + value**2)))


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 19, 99, 800])
def test_it_agrees_with_scipy(freedom: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs scipy, which the extra agreement brings")
    for value in (-3.0, -0.2, 0.0, 1.7, 8.0):
        assert t_cdf(value, freedom) == pytest.approx(stats.t.cdf(value, freedom), abs=1e-12)
    for chance in (0.01, 0.4, 0.5, 0.8, 0.995):
        assert t_quantile(chance, freedom) == pytest.approx(stats.t.ppf(chance, freedom), abs=1e-8)
