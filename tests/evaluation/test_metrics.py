"""The improvement rate and its normalised form, against published rows and against curves known in closed form."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interalign.evaluation import improvement_rate, normalised
from interalign.evaluation.metrics import alignment_levels, slopes

ROWS = [
    ((62.16, 68.92, 70.27, 74.32, 72.97, 74.32, 75.68, 78.38, 77.03, 79.73), 73.38, 0.090, 0.855),
    ((2.7, 24.32, 41.89, 40.54, 59.46, 56.76, 54.05, 54.05, 54.05, 55.41), 44.32, 0.083, 0.628),
    ((0, 18.92, 10.81, 9.46, 9.46, 1.35, 9.46, 9.46, 6.76, 4.05), 7.97, -0.020, 0.047),
]


@pytest.mark.parametrize(("levels", "average", "rate", "r2"), ROWS)
def test_published_rows_are_met_to_the_last_digit(
    levels: tuple[float, ...], average: float, rate: float, r2: float
) -> None:
    mapped = normalised(levels)
    assert mapped is not None
    fit = improvement_rate(mapped)
    assert fit.r2 is not None
    assert round(sum(levels) / len(levels), 2) == average
    assert (round(fit.slope, 3), round(fit.r2, 3)) == (rate, r2)


@pytest.mark.parametrize("levels", [(3.0,) * 10, (0.0, 0.0), (0.1,) * 7])
def test_a_flat_curve_has_no_slope_and_nothing_to_explain(levels: tuple[float, ...]) -> None:
    fit = improvement_rate(levels)
    assert (fit.slope, fit.r2) == (0, None)
    assert fit.intercept == pytest.approx(levels[0])
    assert normalised(levels) is None


@pytest.mark.parametrize("gain", [0.001, 1, 40])
def test_linear_growth_over_ten_turns_is_a_ninth_normalised_whatever_the_gain(gain: float) -> None:
    levels = [5 + gain * turn for turn in range(10)]
    mapped = normalised(levels)
    assert mapped is not None
    assert improvement_rate(levels).slope == pytest.approx(gain)
    assert improvement_rate(mapped).slope == pytest.approx(1 / 9)
    assert improvement_rate(mapped).r2 == pytest.approx(1)


def test_the_largest_normalised_rate_over_ten_turns_is_that_of_one_step_in_the_middle() -> None:
    assert round(improvement_rate([0] * 5 + [1] * 5).slope, 4) == 0.1515


def test_the_line_starts_at_turn_one() -> None:
    fit = improvement_rate([3, 5, 7])
    assert (fit.slope, fit.intercept) == (pytest.approx(2), pytest.approx(1))


def test_turning_the_curve_around_turns_the_rate_around() -> None:
    levels = ROWS[0][0]
    assert improvement_rate(levels[::-1]).slope == pytest.approx(-improvement_rate(levels).slope)


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=20))
def test_the_normalised_curve_is_explained_as_well_as_the_curve_itself(levels: list[float]) -> None:
    assume(max(levels) - min(levels) > 1e-3)
    mapped = normalised(levels)
    assert mapped is not None
    assert (min(mapped), max(mapped)) == (0, 1)
    assert improvement_rate(mapped).r2 == pytest.approx(improvement_rate(levels).r2, abs=1e-6)


@pytest.mark.parametrize("levels", [(), (1.0,), (1.0, float("nan")), (float("inf"), 1.0)])
def test_too_few_or_infinite_levels_are_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="two or more finite levels, not"):
        improvement_rate(levels)


@settings(deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=2, max_size=12), st.floats(0.1, 10), st.floats(-50, 50))
def test_stretching_and_shifting_a_curve_changes_neither_r2_nor_the_normalised_rate(
    levels: list[float], stretch: float, shift: float
) -> None:
    assume(max(levels) - min(levels) > 1e-2)
    moved = [shift + stretch * level for level in levels]
    one, other = normalised(levels), normalised(moved)
    assert one is not None
    assert other is not None
    assert improvement_rate(moved).slope == pytest.approx(stretch * improvement_rate(levels).slope, abs=1e-6)
    assert improvement_rate(other).slope == pytest.approx(improvement_rate(one).slope, abs=1e-6)
    assert improvement_rate(moved).r2 == pytest.approx(improvement_rate(levels).r2, abs=1e-6)


def test_many_slopes_at_once_are_the_slopes_one_by_one() -> None:
    curves = np.random.default_rng(0).normal(size=(3, 4, 7))
    one_by_one = [[improvement_rate(list(curve)).slope for curve in row] for row in curves]
    assert slopes(curves) == pytest.approx(np.array(one_by_one))


def test_levels_are_means_over_the_cases_that_have_a_score() -> None:
    nan = float("nan")
    levels = alignment_levels(np.array([[1.0, nan, nan], [3.0, 4.0, nan]]))
    assert levels == pytest.approx(np.array([2.0, 4.0, nan]), nan_ok=True)
