"""Kappa and alpha: the libraries' figures, the vectorised ones, and what is undefined."""

import sys

import numpy as np
import pytest

from interalign.errors import MissingError
from interalign.evaluation.judging import agreement
from interalign.evaluation.judging.agreement import alpha, coded, kappa, mean_kappa
from interalign.evaluation.judging.estimates import Ints, per_cluster

OWN = np.arange(8)


def raters(seed: int, agree: float = 0.6) -> tuple[Ints, Ints]:
    """Labels of three raters with gaps, and the clusters of 200 units."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(-1, 3, (200, 3))
    codes[:, 1] = np.where(draw.random(200) < agree, codes[:, 0], codes[:, 1])
    return codes, draw.integers(0, 40, 200)


def test_kappa_of_a_table_from_a_textbook() -> None:
    """20 both yes, 15 both no, 5 and 10 apart (the example of Wikipedia's article): 0.4."""
    first = coded(["a"] * 25 + ["b"] * 25)
    second = coded(["a"] * 20 + ["b"] * 5 + ["a"] * 10 + ["b"] * 15)
    found = kappa(first, second, np.arange(50))
    assert found.value == pytest.approx(0.4)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high


@pytest.mark.parametrize("seed", range(3))
def test_the_resampled_statistics_are_those_of_the_libraries(seed: int) -> None:
    codes, clusters = raters(seed)
    both = (codes[:, 0] >= 0) & (codes[:, 1] >= 0)
    tables = np.stack([agreement._tables(codes[:, 0], codes[:, 1], both, clusters)])
    assert agreement._kappas(np.ones((1, 40)), tables)[0] == pytest.approx(
        kappa(codes[:, 0], codes[:, 1], clusters).value
    )
    counts = (codes[:, :, None] == np.arange(3)).sum(axis=1)
    counts *= (counts.sum(axis=1) > 1)[:, None]
    sums = per_cluster(agreement._coincidences(counts), clusters)
    assert agreement._alphas(np.ones((1, 40)) @ sums)[0] == pytest.approx(alpha(codes, clusters).value)


def test_a_resample_is_the_statistic_of_the_units_drawn() -> None:
    codes, clusters = raters(5)
    times = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40))
    drawn = np.repeat(np.arange(200), times[clusters])
    both = (codes[:, 0] >= 0) & (codes[:, 1] >= 0)
    tables = np.stack([agreement._tables(codes[:, 0], codes[:, 1], both, clusters)])
    found = agreement._kappas(times[None].astype(float), tables)[0]
    assert found == pytest.approx(kappa(codes[drawn, 0], codes[drawn, 1], clusters[drawn]).value)


def test_swapping_names_or_raters_changes_nothing() -> None:
    codes, clusters = raters(2)
    mirrored = np.array([1, 0, 2, -1])[codes]
    one = kappa(codes[:, 0], codes[:, 1], clusters)
    assert kappa(codes[:, 1], codes[:, 0], clusters) == one
    assert kappa(mirrored[:, 0], mirrored[:, 1], clusters) == one


def test_unscored_is_missing_and_a_tie_is_not() -> None:
    assert list(coded(["a", "b", "tie", "unscored", None])) == [0, 1, 2, -1, -1]
    found = kappa(coded(["a", "b", "tie", "a"]), coded(["a", "b", "tie", "unscored"]), np.arange(4))
    assert (found.value, found.count) == (1.0, 3)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (["tie"] * 8, ["tie"] * 8, "both say 'tie' every time"),
        (["unscored"] * 8, ["a"] * 8, "nothing was scored by both"),
        ([None] * 8, [None] * 8, "nothing was scored by both"),
    ],
)
def test_an_undefined_kappa_says_why(first: list, second: list, why: str) -> None:
    found = kappa(coded(first), coded(second), OWN)
    assert found.value is None
    assert found.text().startswith(f"undefined: {why}")
    both = alpha(np.stack([coded(first), coded(second)], axis=1), OWN)
    assert both.text().startswith("undefined: ")


def test_raters_who_never_meet_agree_at_zero() -> None:
    assert kappa(coded(["a"] * 8), coded(["b"] * 8), OWN).value == 0.0


def test_few_clusters_have_a_value_and_no_interval() -> None:
    codes, _ = raters(3)
    found = kappa(codes[:, 0], codes[:, 1], np.arange(200) % 2)
    assert found.value is not None
    assert found.low is None
    assert "needs 6 independent clusters, and there are 2" in found.note


def test_clustered_intervals_are_wider_than_those_of_independent_units() -> None:
    codes, _ = raters(4)
    codes = np.repeat(codes[:25], 8, axis=0)
    apart, together = (kappa(codes[:, 0], codes[:, 1], by) for by in (np.arange(200), np.arange(200) // 8))
    assert apart.value == together.value
    assert together.high - together.low > 2 * (apart.high - apart.low)  # type: ignore[operator]


def test_the_mean_kappa_leaves_undefined_pairs_out() -> None:
    codes, clusters = raters(6)
    same = np.full(200, 2)
    pairs = [(codes[:, 0], codes[:, 1]), (same, same)]
    assert mean_kappa(pairs, clusters).value == kappa(codes[:, 0], codes[:, 1], clusters).value
    assert mean_kappa([], clusters).text() == "undefined: there are no two raters"


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(MissingError, match=r"pip install 'interalign\[agreement\]'"):
        kappa(coded(["a"]), coded(["b"]), np.arange(1))
