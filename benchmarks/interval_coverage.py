"""interval_coverage: do 95 % intervals cover the truth, and does the permutation test keep its level?

    python benchmarks/interval_coverage.py [--benchmarks 1000] [--json FILE]

Benchmarks of 20 profiles x 5 personalities x 10 turns are drawn whose expected scores are known (interalign.evaluation.simulated):
whole scores from 1 to 5, clustered by profile, some at the end of the scale and with a tenth missing. For each, the intervals of
the average, of the improvement rate and of the paired differences of two models are computed as for a report, and beside them the
plain percentile interval. Two models that are alike say how often the permutation test finds a difference (p < 0.05); two that
differ by what a report calls detectable, how often it is found.
"""

from collections import Counter
from typing import Any

import numpy as np
from common import arguments, report
from numpy.typing import NDArray

from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.comparison import compare
from interalign.evaluation.curves import curve_of
from interalign.evaluation.figures import Difference, Estimate
from interalign.evaluation.metrics import slopes
from interalign.evaluation.simulated import SimulatedModel, Simulation

Array = NDArray[np.float64]

PAIR = (SimulatedModel(name="a"), SimulatedModel(name="b", start=3.2, slope=0.12))
LOW = (SimulatedModel(name="a", start=1.2, slope=0.02), SimulatedModel(name="b", start=1.1, slope=0.05))
SETTINGS = {
    "as in a report": Simulation(models=PAIR),
    "no clusters": Simulation(models=PAIR, profile=0, taste=0, growth=0),
    "strong clusters": Simulation(models=PAIR, profile=0.8, taste=0.6, growth=0.08),
    "a tenth missing": Simulation(models=PAIR, missing=0.1),
    "at the end of the scale, a tenth missing": Simulation(models=LOW, missing=0.1),
    "8 profiles": Simulation(models=PAIR, profiles=8),
}


def coverage(simulation: Simulation, seeds: range, replicates: int = 10_000) -> dict[str, float]:
    """The share of the benchmarks with these seeds whose intervals hold the truth."""
    first, second = (simulation.truth(model) for model in simulation.models)
    gap = second - first
    bootstrap = ClusterBootstrap([case.profile for case in simulation.draw(0).cases], replicates=replicates)
    hits: Counter[str] = Counter()
    for seed in seeds:
        one, two = (model.values() for model in simulation.draw(seed).models)
        curve = curve_of(one, bootstrap)
        pair = compare(two, one, ("b", "a"), "models", bootstrap)
        hits["average"] += holds(curve.average, first.mean())
        hits["IR"] += holds(curve.rate, float(slopes(first)))
        hits["AL(1)"] += holds(curve.levels[0], first[0])
        hits["difference"] += holds(pair.average, gap.mean())
        hits["difference of IR"] += holds(pair.rate, float(slopes(gap)))
        low, high = np.quantile(bootstrap.levels(one).mean(axis=1), (0.025, 0.975))
        hits["average, plain percentiles"] += bool(low <= first.mean() <= high)
    return {name: count / len(seeds) for name, count in hits.items()}


def holds(estimate: Estimate, truth: float) -> bool:
    """Whether the interval has the truth in it."""
    low, high = estimate.low, estimate.high
    return low is not None and high is not None and low <= truth <= high


def found(simulation: Simulation, seeds: range) -> tuple[float, float]:
    """How often two models that are alike get p < 0.05; and how often they do when one is better by what a report calls
    detectable, on average. Scores are shifted, so that this gap is exact.
    """
    alike = tuple(simulation.models[0].model_copy(update={"name": name}) for name in ("a", "b"))
    simulation = simulation.model_copy(update={"models": alike})
    bootstrap = ClusterBootstrap([case.profile for case in simulation.draw(0).cases], replicates=2)
    pairs = [tuple(model.values() for model in simulation.draw(seed).models) for seed in seeds]
    level = [compare(one, two, ("a", "b"), "models", bootstrap) for one, two in pairs]
    gap = float(np.mean([one.detectable for one in level if one.detectable is not None]))
    power = [compare(one + gap, two, ("a", "b"), "models", bootstrap) for one, two in pairs]
    return _share(level), _share(power)


def _share(found: list[Difference]) -> float:
    return sum(one.p is not None and one.p < 0.05 for one in found) / len(found)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--benchmarks", type=int, default=1000)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for place, (name, simulation) in enumerate(SETTINGS.items()):
        seeds = range(place * 10**6, place * 10**6 + options.benchmarks)  # others for each, so that luck is not shared
        level, power = found(simulation, seeds)
        tested = {"p < 0.05 if alike": level, "found if detectable": power}
        rows.append({"scores": name, **coverage(simulation, seeds), **tested})
    error = (0.95 * 0.05 / options.benchmarks) ** 0.5
    notes = [
        f"target: 0.93 to 0.97 covered; with {options.benchmarks} benchmarks a share has a standard error of {error:.3f}",
        "target: p < 0.05 in 0.05 of the benchmarks with models that are alike; a detectable difference found in 0.80",
    ]
    report("Coverage of 95 % intervals", rows, options.json, notes)


if __name__ == "__main__":
    main()
