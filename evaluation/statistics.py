"""statistics: all figures of an evaluation, from its scores. The same results give the same figures, to the last digit.

How missing scores are treated: AL(k) is the mean over the cases that have a score at turn k, their number stands beside it; two
models are compared on the cases and turns that both have a score for.
"""

from collections import Counter
from importlib.metadata import version
from itertools import combinations

import numpy as np

from interalign.evaluation.bootstrap import CONFIDENCE, LEAST_CLUSTERS, REPLICATES, ClusterBootstrap
from interalign.evaluation.comparison import compare, holm
from interalign.evaluation.curves import curve_of, estimate, undefined
from interalign.evaluation.figures import Alignment, Difference, Estimate, Figures, Method, ModelFigures
from interalign.evaluation.metrics import alignment_levels
from interalign.evaluation.permutation import EXACT_CLUSTERS
from interalign.evaluation.results import ModelResult, Recovery, Results
from interalign.evaluation.suspicions import warnings_of

__all__ = ["belongs", "compute_figures"]


def compute_figures(results: Results, seed: int = 0, replicates: int = REPLICATES) -> Figures:
    """Levels, rates, differences, normalised alignment, and what to beware of."""
    bootstrap = ClusterBootstrap([case.profile for case in results.cases], seed, replicates)
    models = tuple(_model(model, results.recovery.get(model.name), bootstrap) for model in results.models)
    differences = _differences(results, bootstrap)
    return Figures(
        models=models,
        differences=differences,
        alignment=_alignment(results, bootstrap),
        warnings=warnings_of(models, differences),
        method=_method(results, bootstrap.count, seed, replicates),
    )


def belongs(control: ModelResult, model: ModelResult) -> bool:
    """Whether this control says something of this model."""
    return control.control is not None and model.control is None and control.of in (None, model.name)


def _model(model: ModelResult, recovery: Recovery | None, bootstrap: ClusterBootstrap) -> ModelFigures:
    reasons = Counter(one.reason for one in model.missing)
    values_NK = model.values()
    return ModelFigures(
        name=model.name,
        control=model.control,
        of=model.of,
        overall=curve_of(values_NK, bootstrap),
        criteria={name: curve_of(model.values(name), bootstrap) for name in model.scores if name != "overall"},
        measures={
            name: curve_of(np.array(values, dtype=np.float64), bootstrap, sparse=True)
            for name, values in model.measures.items()
        },
        recovery=recovery,
        replies=values_NK.size,
        missing=int(np.isnan(values_NK).sum()),
        reasons=dict(reasons.most_common()),
    )


def _differences(results: Results, bootstrap: ClusterBootstrap) -> tuple[Difference, ...]:
    """Between any two models, the later minus the earlier, and between a model and its controls; Holm's correction for each."""
    models = [model for model in results.models if model.control is None]
    among = [compare(b.values(), a.values(), (b.name, a.name), "models", bootstrap) for a, b in combinations(models, 2)]
    against = [
        compare(model.values(), control.values(), (model.name, control.name), "controls", bootstrap)
        for model in models
        for control in results.models
        if belongs(control, model)
    ]
    return (*_corrected(among), *_corrected(against))


def _corrected(family: list[Difference]) -> list[Difference]:
    adjusted = holm([one.p for one in family])
    return [one.model_copy(update={"p_holm": p}) for one, p in zip(family, adjusted, strict=True)]


def _alignment(results: Results, bootstrap: ClusterBootstrap) -> tuple[Alignment, ...]:
    found: list[Alignment] = []
    for model in (one for one in results.models if one.control is None):
        mine = {one.control: one for one in reversed(results.models) if belongs(one, model)}
        if "generic" in mine and "oracle" in mine:
            generic, oracle = mine["generic"], mine["oracle"]
            value = _between(model, generic, oracle, bootstrap)
            found.append(Alignment(model=model.name, generic=generic.name, oracle=oracle.name, value=value))
    return tuple(found)


def _between(model: ModelResult, generic: ModelResult, oracle: ModelResult, bootstrap: ClusterBootstrap) -> Estimate:
    """(model - generic) / (oracle - generic) of the averages, on the cases and turns that all three have a score for.

    Where the interval of the denominator reaches zero the ratio is unbounded, and no interval is given.
    """
    floor_NK = generic.values()
    gain_NK, room_NK = model.values() - floor_NK, oracle.values() - floor_NK
    shared_NK = np.isnan(gain_NK + room_NK)
    gain_NK[shared_NK] = room_NK[shared_NK] = np.nan
    gain, room = alignment_levels(gain_NK).mean(), alignment_levels(room_NK).mean()
    if np.isnan(room):
        return undefined("a turn without a score of all three")
    if room <= 0:
        return undefined("the oracle is not above the generic control")
    room_B = bootstrap.levels(room_NK).mean(axis=1)
    bounds = bootstrap.interval(room_B)
    if not isinstance(bounds, str) and bounds[0] <= 0:
        return Estimate(value=float(gain / room), note="the oracle is not clearly above the generic control")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio_B = bootstrap.levels(gain_NK).mean(axis=1) / room_B
    return estimate(gain / room, ratio_B, bootstrap)


def _method(results: Results, profiles: int, seed: int, replicates: int) -> Method:
    exact = profiles <= EXACT_CLUSTERS
    return Method(
        cases=len(results.cases),
        profiles=profiles,
        confidence=CONFIDENCE,
        interval=f"bootstrap over profiles, expanded percentiles; none below {LEAST_CLUSTERS} profiles",
        replicates=replicates,
        seed=seed,
        test=f"sign flips of whole profiles, two-sided, {'all assignments' if exact else 'random ones'}",
        correction="Holm, among models and among models and controls separately",
        version=version("interalign"),
    )
