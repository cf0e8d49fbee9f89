"""chart: AL(k) as a picture inside the page: SVG whose colours are those of the page, light or dark.

Everything in it also stands in a table; the picture has a title and a description for those who cannot see it.
"""

from collections.abc import Iterator, Sequence
from html import escape

from interalign.evaluation.figures import Alignment, Estimate, Figures, ModelFigures
from interalign.evaluation.report.palette import dashes, marker
from interalign.evaluation.report.texts import number, short, with_interval

__all__ = ["alignment_chart", "curve_chart", "legend", "value_range"]

_WIDTH, _HEIGHT = 460, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 12, 12, 38
_SHAPES = {
    "circle": '<circle r="3.6"/>',
    "square": '<rect x="-3.3" y="-3.3" width="6.6" height="6.6"/>',
    "up": '<path d="M0-4.4 4 3.2H-4Z"/>',
    "diamond": '<path d="M0-4.8 4.4 0 0 4.8-4.4 0Z"/>',
    "down": '<path d="M0 4.4 4-3.2H-4Z"/>',
    "cross": '<path class="thin" d="M-3.4-3.4 3.4 3.4M-3.4 3.4 3.4-3.4"/>',
    "plus": '<path class="thin" d="M0-4.4V4.4M-4.4 0H4.4"/>',
    "ring": '<circle class="thin" r="3.4"/>',
}


def curve_chart(models: Sequence[tuple[int, ModelFigures]], span: tuple[float, float], what: str) -> str:
    """The curves of some models, each with the place that decides its colour, on a scale from `span[0]` to `span[1]`."""
    turns = max(len(model.overall.levels) for _, model in models)
    body = [*_axes(turns, span), *(line for place, model in models for line in _band(place, model, span, turns))]
    body += [line for place, model in models for line in _line(place, model, span, turns)]
    said = "; ".join(f"{short(model.name, 40)}: {_spoken(model)}" for _, model in models)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(what)}. {escape(said)}">'
        + "".join(body)
        + "</svg>"
    )


def legend(models: Sequence[tuple[int, ModelFigures]]) -> str:
    """Which line is whose."""
    items = (
        f'<li><svg class="key s{place % 8}" viewBox="-16 -8 32 16" aria-hidden="true">'
        f'<path class="line" d="M-15 0H15"{_dash(place)}/>{_mark(place)}</svg> '
        f'<span dir="auto">{escape(short(model.name, 60))}</span></li>'
        for place, model in models
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def value_range(models: Sequence[ModelFigures]) -> tuple[float, float]:
    """The scale that all charts share: the levels with their intervals, rounded outwards to halves."""
    ends = [
        end
        for model in models
        for level in model.overall.levels
        for end in (level.value, level.low, level.high)
        if end is not None
    ]
    low, high = min(ends, default=1.0), max(ends, default=5.0)
    step = _step(high - low)
    return (low // step) * step, max(-(-high // step) * step, (low // step + 1) * step)


def alignment_chart(figures: Figures) -> str:
    """Where each model stands between generic (0) and oracle (1)."""
    shown = [one for one in figures.alignment if one.value.value is not None]
    places = {model.name: place for place, model in enumerate(figures.models)}
    if not shown:
        return ""
    ends = [0.0, 1.0, *(end for one in shown for end in _ends(one.value))]
    low, high = max(-1.0, min(ends)), min(2.0, max(ends))
    tall = 34 * len(shown) + 34
    body: list[str] = []
    for tick, name in ((0.0, "generic"), (1.0, "oracle")):
        x = _at(tick, low, high)
        body.append(f'<path class="grid" d="M{x:.1f} 8V{tall - 24}"/>')
        body.append(f'<text x="{x:.1f}" y="{tall - 8}" text-anchor="middle">{name} {tick:.0f}</text>')
    for row, one in enumerate(shown):
        body += _whisker(row, places[one.model], one, low, high)
    said = "; ".join(f"{short(one.model, 40)}: {with_interval(one.value)}" for one in shown)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {tall}" role="img" aria-label="{escape(said)}">{"".join(body)}</svg>'
    )


def _whisker(row: int, place: int, one: Alignment, low: float, high: float) -> Iterator[str]:
    assert one.value.value is not None
    y = 26 + 34 * row
    x = _at(one.value.value, low, high)
    if one.value.low is not None and one.value.high is not None:
        yield f'<path class="line s{place % 8}" d="M{_at(one.value.low, low, high):.1f} {y}H{_at(one.value.high, low, high):.1f}"/>'
    yield f'<g class="s{place % 8}" transform="translate({x:.1f} {y})">{_SHAPES[marker(place)]}</g>'
    yield f'<text x="8" y="{y - 9}">{escape(short(one.model, 60))}</text>'


def _ends(value: Estimate) -> list[float]:
    return [end for end in (value.value, value.low, value.high) if end is not None]


def _at(value: float, low: float, high: float) -> float:
    share = (min(max(value, low), high) - low) / (high - low)
    return 40 + share * (_WIDTH - 80)


def _axes(turns: int, span: tuple[float, float]) -> Iterator[str]:
    low, high = span
    step = _step(high - low)
    for number_ in range(round((high - low) / step) + 1):
        value = low + number_ * step
        y = _y(value, span)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(value, 1 if step >= 0.1 else 2)}</text>'
    every = -(-turns // 12)
    for turn in range(1, turns + 1, every):
        yield f'<text x="{_x(turn, turns):.1f}" y="{_HEIGHT - 20}" text-anchor="middle">{turn}</text>'
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">turn</text>'


def _band(place: int, model: ModelFigures, span: tuple[float, float], turns: int) -> Iterator[str]:
    levels = model.overall.levels
    there = [
        (_x(turn, turns), _y(level.low, span), _y(level.high, span))
        for turn, level in enumerate(levels, 1)
        if level.low is not None and level.high is not None
    ]
    if len(there) > 1:
        edge = [f"{x:.1f} {high:.1f}" for x, _, high in there] + [f"{x:.1f} {low:.1f}" for x, low, _ in reversed(there)]
        yield f'<path class="band s{place % 8}" d="M{"L".join(edge)}Z"/>'


def _line(place: int, model: ModelFigures, span: tuple[float, float], turns: int) -> Iterator[str]:
    """The line, interrupted where a turn has no score, and a marker at each level that says its value."""
    levels = model.overall.levels
    pen, path, marks = "M", "", []
    for turn, level in enumerate(levels, 1):
        if level.value is None:
            pen = "M"
            continue
        x, y = _x(turn, turns), _y(level.value, span)
        path += f"{pen}{x:.1f} {y:.1f}"
        pen = "L"
        title = f"<title>{escape(short(model.name, 40))}, turn {turn}: {with_interval(level)}</title>"
        marks.append(f'<g transform="translate({x:.1f} {y:.1f})">{title}{_SHAPES[marker(place)]}</g>')
    yield f'<g class="s{place % 8}"><path class="line" d="{path or "M0 0"}"{_dash(place)}/>{"".join(marks)}</g>'


def _mark(place: int) -> str:
    return _SHAPES[marker(place)]


def _dash(place: int) -> str:
    pattern = dashes(place)
    return f' stroke-dasharray="{pattern}"' if pattern else ""


def _spoken(model: ModelFigures) -> str:
    first, last = model.overall.levels[0], model.overall.levels[-1]
    return f"{number(first.value)} at turn 1, {number(last.value)} at turn {len(model.overall.levels)}"


def _step(width: float) -> float:
    """Between two lines of the grid: at most about eight of them."""
    step = 0.5
    while width / step > 8:
        step *= 2 if f"{step:g}"[0] in "15" else 2.5
    return step


def _x(turn: int, turns: int) -> float:
    if turns == 1:
        return (_LEFT + _WIDTH - _RIGHT) / 2
    return _LEFT + 10 + (turn - 1) / (turns - 1) * (_WIDTH - _LEFT - _RIGHT - 20)


def _y(value: float, span: tuple[float, float]) -> float:
    return _TOP + (span[1] - value) / (span[1] - span[0]) * (_HEIGHT - _TOP - _BOTTOM)
