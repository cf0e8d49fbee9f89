"""tables: what a report says in tables, in one order, for the terminal, the page and Markdown alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interalign.evaluation.figures import Curve, Difference, Estimate, Family, Figures, ModelFigures
from interalign.evaluation.report.texts import chance, notes_of, number, percent, short, with_interval
from interalign.evaluation.results import Results

__all__ = ["Grid", "caption", "grids", "method_sentences"]

_ROOM = 40
_MEASURES = {
    "adjusted": "score by what was disclosed",
    "disclosed": "disclosed share",
    "disclosed_facts": "disclosed share of facts",
    "disclosed_traits": "disclosed share of traits",
    "questions": "questions",
    "profile_precision": "profile precision",
    "profile_recall": "profile recall",
    "profile_f1": "profile F1",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: texts in the first columns, figures in the others."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    texts: int = 1
    """How many columns are text."""


def grids(figures: Figures) -> Iterator[Grid]:
    """All tables of a report that have something in them."""
    models = [model for model in figures.models if model.control is None]
    controls = [model for model in figures.models if model.control is not None]
    found = (
        _models("models", "Models", models),
        _models("controls", "Controls", controls),
        _alignment(figures),
        _differences(figures, "models", "Differences between models"),
        _differences(figures, "controls", "Models against controls"),
        _curves("criteria", "By criterion", [(model, model.criteria) for model in models]),
        _curves("measures", "Beyond the score", [(model, model.measures) for model in models]),
        _recovery(figures),
        _missing(figures),
    )
    return (grid for grid in found if grid.rows)


def caption(results: Results) -> str:
    """What was measured, in one line."""
    profiles = len({case.profile for case in results.cases})
    return f"{len(results.cases):,} cases ({profiles:,} profiles) x {results.turns} turns, judge {short(results.judge, 80)}"


def method_sentences(figures: Figures) -> Iterator[str]:
    """How the figures were made."""
    method = figures.method
    yield "AL(k) is the mean score at turn k over the cases that have one; IR is the slope of its least-squares line over them."
    yield (
        f"Brackets are {method.confidence:.0%} intervals: {method.interval} ({method.replicates:,} draws, seed {method.seed}). "
        "R2, N-IR and N-R2 have none: noise alone bends a straight curve, and no resampling makes up for it."
    )
    yield (
        f"Differences are paired: the cases and turns that both have scores for. p: {method.test}; {method.correction}. "
        "d_z: mean by standard deviation of the cases' mean differences. Detectable: what such an evaluation finds with power 0.8."
    )
    yield f"interalign {method.version}"


def name_of(model: ModelFigures) -> str:
    """A name short enough for a table."""
    return short(model.name, _ROOM)


def _models(name: str, title: str, models: Sequence[ModelFigures]) -> Grid:
    turns = {len(model.overall.levels) for model in models}
    last = f"AL({turns.pop()})" if len(turns) == 1 else "AL(last)"
    ends = ("AL(1)",) if last == "AL(1)" else ("AL(1)", last)
    columns = (name.removesuffix("s"), *ends, "average", "IR", "R2", "N-IR", "N-R2", "missing")
    notes = dict.fromkeys(note for model in models if (note := notes_of(model.overall)))
    rows = tuple(
        (name_of(model), *_curve(model.overall, len(ends)), percent(model.missing, model.replies)) for model in models
    )
    return Grid(name, title, columns, rows, tuple(f"No interval: {note}." for note in notes))


def _curve(curve: Curve, count: int) -> tuple[str, ...]:
    ends = (curve.levels[0], curve.levels[-1])[:count]
    return (
        *(_value(level) for level in ends),
        with_interval(curve.average),
        with_interval(curve.rate, 3, signed=True),
        *(_value(one, 3) for one in (curve.r2, curve.normalised_rate, curve.normalised_r2)),
    )


def _value(estimate: Estimate, digits: int = 2) -> str:
    return f"undefined: {estimate.note}" if estimate.value is None else number(estimate.value, digits)


def _alignment(figures: Figures) -> Grid:
    rows = tuple(
        (short(one.model, _ROOM), with_interval(one.value), one.value.note if one.value.value is not None else "")
        for one in figures.alignment
    )
    columns = ("model", "normalised alignment", "no interval because")
    if not any(row[2] for row in rows):
        rows, columns = tuple(row[:2] for row in rows), columns[:2]
    return Grid("alignment", "Between generic (0) and oracle (1)", columns, rows)


def _differences(figures: Figures, family: Family, title: str) -> Grid:
    columns = ("difference", "average", "IR", "p", "p (Holm)", "d_z", "detectable", "pairs")
    found = [one for one in figures.differences if one.family == family]
    return Grid(f"differences-{family}", title, columns, tuple(_difference(one) for one in found))


def _difference(one: Difference) -> tuple[str, ...]:
    return (
        f"{short(one.a, _ROOM)} − {short(one.b, _ROOM)}",
        with_interval(one.average, signed=True),
        with_interval(one.rate, 3, signed=True),
        chance(one.p),
        chance(one.p_holm),
        _value(one.effect),
        number(one.detectable),
        f"{one.pairs:,}",
    )


def _curves(name: str, title: str, models: Sequence[tuple[ModelFigures, dict[str, Curve]]]) -> Grid:
    """First and last value, average and slope of everything else that was counted."""
    rows = tuple(
        (name_of(model), _MEASURES.get(label, short(label.replace("_", " "), _ROOM)), *_ends(curve))
        for model, curves in models
        for label, curve in curves.items()
    )
    return Grid(name, title, ("model", "what", "first", "last", "average", "slope"), rows, texts=2)


def _ends(curve: Curve) -> tuple[str, ...]:
    there = [level for level in curve.levels if level.value is not None]
    if not there:
        return "–", "–", with_interval(curve.average), "–"
    slope = "–" if curve.rate.value is None else with_interval(curve.rate, 3, signed=True)
    return _value(there[0]), _value(there[-1]), with_interval(curve.average), slope


def _recovery(figures: Figures) -> Grid:
    rows = tuple(
        (name_of(model), number(back.before), number(back.lowest), back.note if back.turns is None else str(back.turns))
        for model in figures.models
        if (back := model.recovery) is not None
    )
    columns = ("model", "mean AL(k) before", "lowest after", "turns until it is back")
    return Grid("flip", "The preference flip", columns, rows)


def _missing(figures: Figures) -> Grid:
    rows = [
        (name_of(model), short(reason, 80), f"{count:,}")
        for model in figures.models
        for reason, count in list(model.reasons.items())[:_REASONS]
    ]
    return Grid("missing", "Missing scores", ("model", "reason", "count"), tuple(rows), texts=2)


_REASONS = 6
