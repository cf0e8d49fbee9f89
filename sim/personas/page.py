"""page: a check as one HTML file without any request to anywhere."""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from string import Template

import numpy as np

from interalign.sim.personas.check import Group, Near, Part, Report, effective_number
from interalign.sim.personas.figure import render_svg, safe
from interalign.sim.personas.halves import text_of

__all__ = ["render_page"]

_VALUES = 10
_SENTENCES = 20
_TEXT = 1200


def render_page(report: Report, title: str) -> str:
    """The picture, the figures, the most similar pairs side by side, and the attributes."""
    template = Template(files("interalign.sim.personas").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=safe(title, 200),
        mood="" if report.clean else "bad",
        verdict=(
            f"Nothing is more similar than {report.threshold:g}, and no sentence stands twice."
            if report.clean
            else f"Some are more similar than {report.threshold:g}, or share sentences: see below."
        ),
        figure=render_svg(report),
        groups="\n".join(line for group in report.groups for line in _group(group)),
    )


def _group(group: Group) -> Iterator[str]:
    yield f"<h2>{'Profiles' if group.kind == 'profile' else 'Personalities'}</h2>"
    yield from _table(
        (
            "",
            "count",
            "items each",
            "words an item",
            "effective clusters",
            "nearest, mean",
            "nearest, most",
            "pairs above",
            "repeated",
        ),
        [_figures(part) for part in group.parts],
    )
    for part in group.parts:
        yield f"<h3>{safe(part.name, 80)}: the most similar</h3>"
        yield from _pairs(part.pairs)
        yield from _sentences(part.repeated, "Sentences that stand in it more than once")
        if part.attributes:
            yield f"<h3>{safe(part.name, 80)}: attributes</h3>"
            yield '<div class="attributes">'
            yield from (line for name, counts in part.attributes.items() for line in _attribute(name, counts))
            yield "</div>"
    for overlap in group.overlaps:
        names = f"{safe(overlap.first, 80)} and {safe(overlap.second, 80)}"
        yield f"<h3>Between {names}: {overlap.above} pairs above, {len(overlap.shared)} sentences shared</h3>"
        yield from _pairs(overlap.pairs)
        yield from _sentences(overlap.shared, "Sentences that both have")


def _figures(part: Part) -> list[str]:
    """One line of the table."""
    return [
        safe(part.name, 80),
        str(len(part.people)),
        f"{min(part.items)} to {max(part.items)}",
        f"{min(part.words)} to {max(part.words)}, mean {np.mean(part.words):.1f}",
        f"{part.clusters:.1f}",
        f"{part.nearest.mean():.2f}",
        f"{part.nearest.max():.3f}",
        str(part.above),
        str(len(part.repeated)),
    ]


def _table(names: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield '<div class="scroll"><table><tr>'
    yield "".join(f'<th class="{"number" if place else ""}">{name}</th>' for place, name in enumerate(names))
    for line in lines:
        cells = (f'<td class="{"number" if place else ""}">{cell}</td>' for place, cell in enumerate(line))
        yield f"</tr><tr>{''.join(cells)}"
    yield "</tr></table></div>"


def _pairs(pairs: Sequence[Near]) -> Iterator[str]:
    if not pairs:
        yield '<p class="quiet">There is only one.</p>'
        return
    yield "<details><summary class='quiet'>" + ", ".join(f"{pair.similarity:.3f}" for pair in pairs) + "</summary>"
    yield '<div class="scroll"><table>'
    for pair in pairs:
        sides = (f"<b>{safe(half.id, 120)}</b><br>{safe(text_of(half), _TEXT)}" for half in (pair.first, pair.second))
        yield f'<tr><td class="number">{pair.similarity:.3f}</td>{"".join(f"<td>{side}</td>" for side in sides)}</tr>'
    yield "</table></div></details>"


def _sentences(sentences: Sequence[str], what: str) -> Iterator[str]:
    if sentences:
        more = f"<li>… and {len(sentences) - _SENTENCES} more</li>" if len(sentences) > _SENTENCES else ""
        items = "".join(f"<li>{safe(sentence, 300)}</li>" for sentence in sentences[:_SENTENCES])
        yield f'<p class="bad">{what}:</p><ul>{items}{more}</ul>'


def _attribute(name: str, counts: Counter[str]) -> Iterator[str]:
    """The most frequent values as bars, the others in one."""
    effective = effective_number(np.array(list(counts.values()), dtype=np.float64))
    yield f'<div class="attribute"><h4>{safe(name, 60)} <span>{len(counts)} values, effectively {effective:.1f}</span></h4>'
    ranges = all(value.partition("-")[0].isdecimal() for value in counts)
    shown = (
        sorted(counts.items(), key=lambda item: int(item[0].partition("-")[0]))
        if ranges
        else counts.most_common(_VALUES)
    )
    most = max(counts.values())
    for value, count in shown:
        bar = f'<i style="width: {count / most:.0%}"></i>'
        label = f'<span title="{safe(value, 200)}">{safe(value, 60) or "(empty)"}</span>'
        yield f'<div class="row">{label}<span>{bar}</span><span>{count}</span></div>'
    rest = sum(counts.values()) - sum(count for _, count in shown)
    if rest:
        yield f'<div class="quiet">{len(counts) - len(shown)} other values: {rest}</div>'
    yield "</div>"
