"""merging: several evaluations in one table: paired where they are of the same cases, user and judge, else side by side.

What a score means depends on who gave it, for whom, and in answer to what. Where any of that differs, the difference of two
models is mixed with it, and no test can tell them apart: then the reasons are given, and nothing is subtracted.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interalign.evaluation.figures import Figures
from interalign.evaluation.results import Results
from interalign.evaluation.statistics import compute_figures

__all__ = ["compare_results", "comparison_text", "labels_of", "why_unpaired"]

_ABOUT = {
    "disclosure": "how the user discloses differs",
    "flip_at": "the turn of the preference flip differs",
    "paper_compat": "paper_compat differs",
    "personas_sha256": "the texts of the personas differ",
}
"""Keys of the provenance that decide what a score means, beside judge and user."""


def labels_of(paths: Sequence[Path]) -> list[str]:
    """A short name for each, and none twice: the folder's, with as much of the way to it as is needed."""
    ways = [(path.resolve() if path.is_dir() else path.resolve().parent).parts for path in paths]
    names: list[str] = []
    for length in range(1, max(len(way) for way in ways) + 1):
        names = ["/".join(way[-length:]) for way in ways]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({place})" for place, name in enumerate(names, 1)]


def why_unpaired(named: Mapping[str, Results]) -> list[str]:
    """In what the others differ from the first; nothing where all can be compared in pairs."""
    (first, one), *others = named.items()
    return [
        f"{reason} ({first}: {mine}, {name}: {theirs})"
        for name, other in others
        for reason, mine, theirs in _differences(one, other)
    ]


def compare_results(named: Mapping[str, Results]) -> Figures:
    """The evaluated models of all, with differences between any two where that has a meaning.

    Normalised alignment and warnings are those of each evaluation with its own controls.
    """
    renamed = {label: _renamed(label, results, named) for label, results in named.items()}
    each = [compute_figures(results) for results in renamed.values()]
    if why_unpaired(named):
        differences = tuple(one for figures in each for one in figures.differences if one.family == "models")
        method = each[0].method
    else:
        together = compute_figures(_merged(renamed))
        differences, method = together.differences, together.method
    return Figures(
        models=tuple(model for figures in each for model in figures.models if model.control is None),
        differences=differences,
        alignment=tuple(one for figures in each for one in figures.alignment),
        warnings=tuple(warning for figures in each for warning in figures.warnings),
        method=method,
    )


def comparison_text(named: Mapping[str, Results], figures: Figures) -> str:
    """Everything as JSON: which evaluations, why they are not paired if they are not, and the figures."""
    data = {
        "evaluations": {
            label: {"cases": len(one.cases), "turns": one.turns, "judge": one.judge, "provenance": one.provenance}
            for label, one in named.items()
        },
        "unpaired_because": why_unpaired(named),
        "figures": figures.model_dump(mode="json"),
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _merged(named: Mapping[str, Results]) -> Results:
    models = tuple(model for results in named.values() for model in results.models if model.control is None)
    return next(iter(named.values())).model_copy(update={"models": models})


def _renamed(label: str, results: Results, named: Mapping[str, Results]) -> Results:
    """With the evaluation's label before each name, where two evaluations have models of one name."""
    names = [model.name for one in named.values() for model in one.models if model.control is None]
    if len(set(names)) == len(names):
        return results
    models = tuple(
        model.model_copy(update={"name": f"{label}: {model.name}", "of": model.of and f"{label}: {model.of}"})
        for model in results.models
    )
    return results.model_copy(update={"models": models})


def _differences(one: Results, other: Results) -> Iterator[tuple[str, str, str]]:
    if one.cases != other.cases:
        shared = len({case.id for case in one.cases} & {case.id for case in other.cases})
        yield f"the cases differ, {shared} ids are shared", f"{len(one.cases)} cases", f"{len(other.cases)} cases"
    if one.turns != other.turns:
        yield "the number of turns differs", str(one.turns), str(other.turns)
    if _judge(one) != _judge(other):
        same_name = " of this name" if one.judge == other.judge else ""
        yield f"the judge{same_name} differs", one.judge, other.judge
    if _user(one) != _user(other):
        yield "the simulated user differs", _named(_user(one)), _named(_user(other))
    for key, words in _ABOUT.items():
        mine, theirs = (results.provenance.get(key) for results in (one, other))
        if mine != theirs:
            yield words, str(mine)[:12], str(theirs)[:12]


def _judge(results: Results) -> tuple[str, Any]:
    judge = results.provenance.get("judge")
    return results.judge, judge.get("digest") if isinstance(judge, dict) else None


def _user(results: Results) -> Any:
    """The user's role, prompt and parameters, and what its model is; the name that a config gives the model is left out."""
    user, models = results.provenance.get("user"), results.provenance.get("models")
    if not isinstance(user, dict):
        return None
    model = models.get(user.get("model")) if isinstance(models, dict) else None
    return {**user, "model": model}


def _named(user: Any) -> str:
    """Its model and prompt in short."""
    if user is None:
        return "unknown"
    model = user["model"]
    name = model.get("model") or model.get("engine") if isinstance(model, dict) else model
    return f"{name}, prompt {str(user.get('prompt'))[:8]}"
