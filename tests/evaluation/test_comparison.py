"""Paired comparisons: permutation, Holm, effect size and what is detectable, against hand-made and textbook values."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.comparison import compare, detectable, effect_size, holm
from interalign.evaluation.permutation import DRAWS, EXACT_CLUSTERS, sign_flip
from interalign.evaluation.student import t_quantile

NAN = float("nan")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9))
def test_the_p_value_is_the_share_of_all_assignments_of_signs(parts: list[int]) -> None:
    sums = [abs(sum(sign * part for sign, part in zip(signs, parts, strict=True))) for signs in _signs(len(parts))]
    assert sign_flip(np.array(parts, dtype=float)) == pytest.approx(np.mean([one >= abs(sum(parts)) for one in sums]))


def _signs(count: int) -> list[tuple[int, ...]]:
    return list(itertools.product((1, -1), repeat=count))


@pytest.mark.parametrize("count", [1, 5, 20, EXACT_CLUSTERS])
def test_clusters_that_all_agree_give_the_smallest_p_value(count: int) -> None:
    assert sign_flip(np.arange(1.0, count + 1)) == pytest.approx(2 / 2**count)


def test_beyond_that_p_is_drawn_and_never_zero() -> None:
    assert sign_flip(np.ones(EXACT_CLUSTERS + 1)) == 1 / (1 + DRAWS)
    parts = np.random.default_rng(0).normal(0.2, 1, 28)
    padded = np.concatenate([parts, np.full(8, 1e-12)])
    assert sign_flip(padded) == pytest.approx(sign_flip(parts), abs=0.01)


def test_no_difference_is_no_evidence() -> None:
    assert sign_flip(np.zeros(5)) == 1
    assert sign_flip(np.array([1.0, -1.0])) == 1


def test_it_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs scipy, which the extra agreement brings")
    parts = np.random.default_rng(3).normal(0.4, 1, 11)
    theirs = stats.permutation_test((parts,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(parts) == pytest.approx(theirs.pvalue)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, None, 0.9]) == [1.0, None, 1.0]
    assert holm([]) == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_makes_a_p_value_smaller_nor_changes_their_order(values: list[float]) -> None:
    adjusted = [p for p in holm(values) if p is not None]
    assert all(before <= after <= 1 for before, after in zip(values, adjusted, strict=True))
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


def test_the_effect_size_is_t_by_the_root_of_the_number_of_cases() -> None:
    gaps = np.random.default_rng(1).normal(0.3, 1, (25, 4))
    means = gaps.mean(axis=1)
    t = means.mean() / (means.std(ddof=1) / 5)
    assert effect_size(gaps).value == pytest.approx(t / 5)


@pytest.mark.parametrize(
    ("gaps", "why"),
    [
        ([[1.0, 1.0], [NAN, 1.0]], "every case differs by the same"),
        ([[1.0, 2.0], [NAN, NAN]], "fewer than two cases"),
        ([[NAN], [NAN]], "fewer than two cases"),
    ],
)
def test_an_effect_size_that_is_undefined_says_why(gaps: list[list[float]], why: str) -> None:
    found = effect_size(np.array(gaps))
    assert (found.value, found.note) == (None, why)


def test_what_is_detectable_is_the_textbook_formula() -> None:
    gaps = np.random.default_rng(1).normal(0, 1, (20, 1))
    bootstrap = ClusterBootstrap([str(n) for n in range(20)], replicates=2)
    wanted = (t_quantile(0.975, 19) + t_quantile(0.8, 19)) * gaps.std(ddof=1) / np.sqrt(20)
    assert detectable(gaps, bootstrap) == pytest.approx(wanted)


def test_only_pairs_that_both_have_are_compared() -> None:
    one = np.array([[5.0, NAN], [4.0, 4.0], [3.0, 1.0]])
    other = np.array([[1.0, 1.0], [NAN, 3.0], [2.0, 1.0]])
    found = compare(one, other, ("a", "b"), "models", ClusterBootstrap(["x", "y", "z"], replicates=10))
    assert found.pairs == 4
    assert found.average.value == pytest.approx(((4 + 1) / 2 + (1 + 0) / 2) / 2)


def test_swapping_two_models_turns_the_signs_and_nothing_else() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.normal(3, 1, (2, 30, 4))
    bootstrap = ClusterBootstrap([str(n // 3) for n in range(30)], replicates=500)
    there, back = (compare(*pair, ("a", "b"), "models", bootstrap) for pair in ((one, other), (other, one)))
    assert there.p == back.p
    for name in ("average", "rate"):
        a, b = getattr(there, name), getattr(back, name)
        assert (a.value, a.low, a.high) == pytest.approx((-b.value, -b.high, -b.low))


def test_where_nothing_can_be_compared_nothing_is_claimed() -> None:
    one, other = np.array([[1.0, NAN]] * 7), np.array([[2.0, 3.0]] * 7)
    found = compare(one, other, ("a", "b"), "models", ClusterBootstrap([str(n) for n in range(7)], replicates=10))
    assert (found.p, found.p_holm, found.detectable, found.average.value) == (None, None, None, None)
    assert found.average.note == "no value at turn 2"
