"""Figures with intervals, and length bias."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from interalign.evaluation.judging.estimates import Counted, numbered, ratio, share
from interalign.evaluation.judging.length import length_excess, length_odds, ridge_logistic


def test_wilson_is_that_of_the_published_example() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe, Statistics in Medicine 17, 1998, table I, method 3)."""
    found = share(81, 263, "")
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


@pytest.mark.parametrize(("hits", "low", "high"), [(0, 0.0, 0.4), (9, 0.6, 1.0)])
def test_wilson_stays_inside_and_has_width_at_the_ends(hits: int, low: float, high: float) -> None:
    found = share(hits, 9, "")
    assert found.low is not None
    assert found.high is not None
    assert low <= found.low < found.high <= high


def test_nothing_is_undefined_and_never_a_number() -> None:
    assert share(0, 0, "nobody came").text(".0%") == "undefined: nobody came"
    assert ratio(np.zeros(3), np.zeros(3), np.arange(3), "nobody came").text() == "undefined: nobody came"
    assert ratio(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64), "nobody came").value is None


def test_a_figure_never_shows_minus_zero() -> None:
    assert Counted(value=-0.001).text() == "0.00"
    assert Counted(value=-0.0001, low=-0.0, high=0.2).text("+.0%") == "+0% [+0%, +20%]"


def test_equal_data_give_equal_intervals() -> None:
    draw = np.random.default_rng(0)
    values, clusters = draw.random(60), numbered([str(place % 20) for place in range(60)])
    assert ratio(values, np.ones(60), clusters, "") == ratio(values, np.ones(60), clusters, "")


def test_many_clusters_are_resampled_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(50)
    whole = ratio(values, np.ones(50), np.arange(50), "")
    monkeypatch.setattr("interalign.evaluation.judging.estimates._AT_ONCE", 1000)
    assert ratio(values, np.ones(50), np.arange(50), "").low == pytest.approx(whole.low, abs=0.02)


LENGTHS = np.array([(10, 20)] * 6 + [(20, 10)] * 6)
LONGER = np.array([1] * 6 + [0] * 6)


def test_a_judge_of_length_alone_shows() -> None:
    labels = np.array([0, 1] * 6)
    found = length_excess(LONGER, labels, LENGTHS)
    assert found.value == pytest.approx(0.5)
    odds = length_odds(LONGER, labels, LENGTHS)
    assert odds.value is not None
    assert odds.value > 3


def test_a_judge_that_says_what_the_labels_say_has_no_bias() -> None:
    assert length_excess(LONGER, LONGER, LENGTHS).value == 0.0
    assert length_excess(1 - LONGER, LONGER, LENGTHS).value == -1.0


def test_ties_and_equal_lengths_do_not_count() -> None:
    found = length_excess(np.array([2, 0, 1]), np.array([0, 0, 1]), np.array([(1, 2), (5, 5), (9, 3)]))
    assert found.count == 1
    assert "undefined" in length_odds(np.array([2, -1]), np.array([0, 1]), LENGTHS[:2]).text()


@pytest.mark.parametrize("separable", [False, True])
def test_the_regression_is_that_of_scikit_learn(separable: bool) -> None:
    draw = np.random.default_rng(3)
    features = draw.normal(size=(80, 2)) * 3
    chosen = features[:, 0] > 0 if separable else draw.random(80) < 1 / (1 + np.exp(-features @ [0.5, -1.0]))
    weights = draw.integers(0, 3, 80).astype(float)
    found = ridge_logistic(features, chosen.astype(float), np.stack([np.ones(80), weights]))
    for place, given in enumerate((np.ones(80), weights)):
        model = LogisticRegression(fit_intercept=False, C=1.0, tol=1e-10, max_iter=1000).fit(features, chosen, given)
        assert found[place] == pytest.approx(model.coef_[0], abs=1e-4)
