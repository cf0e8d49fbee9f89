"""Drawing clusters: what is drawn, what the standard error is, and that intervals cover what they should."""

import sys
from pathlib import Path

import numpy as np
import pytest

from interalign.evaluation.bootstrap import LEAST_CLUSTERS, ClusterBootstrap
from interalign.evaluation.metrics import alignment_levels
from interalign.evaluation.simulated import SimulatedModel, Simulation

NAN = float("nan")


def test_whole_clusters_are_drawn() -> None:
    bootstrap = ClusterBootstrap(["a", "b", "a", "b"], replicates=200)
    levels = bootstrap.levels(np.array([[1.0], [10.0], [3.0], [20.0]]))[:, 0]
    assert set(np.round(levels, 6)) == {2.0, 8.5, 15.0}


def test_levels_are_means_of_what_is_there() -> None:
    bootstrap = ClusterBootstrap(["a", "b"], replicates=50)
    levels = bootstrap.levels(np.array([[1.0, NAN], [3.0, 5.0]]))
    assert set(levels[:, 0]) == {1.0, 2.0, 3.0}
    assert set(levels[~np.isnan(levels[:, 1]), 1]) == {5.0}
    assert np.isnan(levels[levels[:, 0] == 1, 1]).all()


def test_the_same_seed_gives_the_same_draws() -> None:
    values = np.arange(20.0).reshape(10, 2)
    one, other, third = (ClusterBootstrap([str(n) for n in range(10)], seed, 100).levels(values) for seed in (0, 0, 1))
    assert (one == other).all()
    assert (one != third).any()


def test_the_standard_error_of_equal_clusters_is_that_of_their_means() -> None:
    values = np.random.default_rng(0).normal(size=(12, 5))
    bootstrap = ClusterBootstrap([str(n // 3) for n in range(12)], replicates=2)
    means = values.mean(axis=1).reshape(4, 3).mean(axis=1)
    wanted = means.std(ddof=1) / 2
    assert bootstrap.standard_error(values, np.full(5, 0.2)) == pytest.approx(wanted)
    assert ClusterBootstrap(["a"] * 12, replicates=2).standard_error(values, np.full(5, 0.2)) is None


def test_the_bootstrap_has_that_standard_error_too() -> None:
    values = Simulation(models=(SimulatedModel(),), missing=0.2).draw(1).models[0].values()
    bootstrap = ClusterBootstrap([str(n // 5) for n in range(100)], replicates=4000)
    error = bootstrap.standard_error(values, np.full(10, 0.1))
    drawn = bootstrap.levels(values).mean(axis=1).std() * np.sqrt(20 / 19)
    assert drawn == pytest.approx(error, rel=0.05)


def test_the_interval_is_wider_than_the_plain_percentiles() -> None:
    bootstrap = ClusterBootstrap([str(n) for n in range(20)], replicates=4000)
    draws = bootstrap.levels(np.random.default_rng(0).normal(size=(20, 1)))[:, 0]
    found = bootstrap.interval(draws)
    assert not isinstance(found, str)
    plain = np.quantile(draws, (0.025, 0.975))
    assert found[0] < plain[0] < plain[1] < found[1]


@pytest.mark.parametrize("count", [1, 2, LEAST_CLUSTERS - 1])
def test_too_few_clusters_have_no_interval(count: int) -> None:
    bootstrap = ClusterBootstrap([str(n) for n in range(count)], replicates=10)
    assert str(bootstrap.interval(np.arange(10.0))).endswith(f"; an interval needs {LEAST_CLUSTERS}")


def test_no_interval_is_made_up_where_nothing_varies_or_little_is_there() -> None:
    bootstrap = ClusterBootstrap([str(n) for n in range(9)], replicates=10)
    assert bootstrap.interval(np.full(10, 3.0)) == "every draw is the same"
    assert bootstrap.interval(np.array([NAN] * 8 + [1.0, 2.0])) == "too few values"


def test_intervals_cover_the_truth_and_the_test_keeps_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small version of the benchmark: with 120 draws the limits are three standard errors from 0.95 and from 0.05."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[2] / "benchmarks"), *sys.path])
    import interval_coverage as benchmark

    simulation = benchmark.SETTINGS["a tenth missing"]
    shares = benchmark.coverage(simulation, range(120), replicates=1000)
    del shares["average, plain percentiles"]
    assert all(0.89 <= share <= 1 for share in shares.values()), shares
    level, power = benchmark.found(simulation, range(120))
    assert level <= 0.11
    assert 0.65 <= power <= 0.92


def test_the_truth_of_a_simulation_is_what_many_draws_come_to() -> None:
    simulation = Simulation(models=(SimulatedModel(start=1.5, slope=0.3),), profiles=2000, personalities=3, missing=0.1)
    levels = alignment_levels(simulation.draw(0).models[0].values())
    assert levels == pytest.approx(simulation.truth(simulation.models[0]), abs=0.05)
