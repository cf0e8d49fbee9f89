"""measured: results of evaluations that nobody held: drawn, or written down, with controls where a test needs them."""

from collections.abc import Mapping, Sequence

from interalign.evaluation import CaseInfo, ModelResult, Results
from interalign.evaluation.simulated import SimulatedModel, Simulation

__all__ = ["drawn", "written"]

LINES = {
    "base": (3.0, 0.10),
    "tuned": (3.3, 0.12),
    "base (oracle)": (3.9, 0.12),
    "base (swap)": (2.6, 0.0),
    "generic": (2.7, 0.0),
    "echo": (2.9, 0.0),
}


def drawn(lines: Mapping[str, tuple[float, float]] = LINES, seed: int = 0, **more: float) -> Results:
    """A simulated benchmark; the names of the models say which are controls."""
    models = tuple(SimulatedModel(name=name, start=start, slope=slope) for name, (start, slope) in lines.items())
    found = Simulation.model_validate({"models": models, **more}).draw(seed)
    return found.model_copy(update={"models": tuple(_control(model) for model in found.models)})


def written(scores: Mapping[str, Sequence[Sequence[float | None]]], profiles: Sequence[str] | None = None) -> Results:
    """Results with these scores: cases x turns for each model."""
    table = next(iter(scores.values()))
    names = profiles or [f"p{place}" for place in range(len(table))]
    cases = tuple(CaseInfo(id=f"c{place}", persona=f"{name}+x", profile=name) for place, name in enumerate(names))
    models = tuple(
        _control(ModelResult(name=name, scores={"overall": [list(row) for row in rows]}))
        for name, rows in scores.items()
    )
    return Results(cases=cases, turns=len(table[0]), judge="written", models=models)


def _control(model: ModelResult) -> ModelResult:
    own, _, kind = model.name.removesuffix(")").partition(" (")
    if model.name in ("generic", "echo"):
        return model.model_copy(update={"control": model.name})
    return model.model_copy(update={"control": kind, "of": own}) if kind else model
