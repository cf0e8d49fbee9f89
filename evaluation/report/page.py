"""page: an evaluation as one HTML file: no script, no request to anywhere, and nothing a model wrote is markup.

The Content-Security-Policy allows exactly the style sheet, by its hash, and nothing else. Links go to the pages of trees beside
it, and to no other place.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from interalign.evaluation.figures import Estimate, Figures, ModelFigures
from interalign.evaluation.report.chart import alignment_chart, curve_chart, legend, value_range
from interalign.evaluation.report.dialogues import Dialogue, address
from interalign.evaluation.report.heat import heat_table
from interalign.evaluation.report.palette import DARK, LIGHT
from interalign.evaluation.report.tables import Grid, caption, grids, method_sentences
from interalign.evaluation.report.texts import cleaned, number, short
from interalign.evaluation.results import Results

__all__ = ["fill_page", "grid_html", "render_figures", "render_page"]

_TEXT = 1500
TITLE = "Alignment over the turns of a conversation"


def render_page(
    results: Results, figures: Figures, dialogues: Sequence[Dialogue], trees: dict[str, Path], folder: Path
) -> str:
    """The whole page. `trees` are the folders of those models whose conversations there is a page of."""
    parts = [
        figures_html(figures, [caption(results)]),
        *_heat(results, trees, folder),
        *_dialogues(dialogues, folder),
        *_trees(trees, folder),
        *_method(figures),
        _provenance(results.provenance),
    ]
    return fill_page(TITLE, "\n".join(parts))


def render_figures(figures: Figures, said: Sequence[str]) -> str:
    """A page of figures alone."""
    return fill_page(TITLE, "\n".join([figures_html(figures, said), *_method(figures)]))


def figures_html(figures: Figures, said: Sequence[str]) -> str:
    """Warnings, tables and charts; `said` are lines on what was measured."""
    found = {grid.name: grid_html(grid) for grid in grids(figures)}
    return "\n".join(
        [
            *(f'<p class="quiet" dir="auto">{_text(line)}</p>' for line in said),
            _warnings(figures),
            found.pop("models", ""),
            found.pop("controls", ""),
            *_curves(figures),
            found.pop("alignment", ""),
            _picture(alignment_chart(figures)),
            *found.values(),
        ]
    )


def fill_page(title: str, body: str) -> str:
    """The page around a body; `title` is text, `body` is HTML."""
    style = _shipped("style.css")
    for mark, colours in (("@light@", LIGHT), ("@dark@", DARK)):
        style = style.replace(mark, " ".join(f"--s{place}: {colour};" for place, colour in enumerate(colours)))
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    parts = {"title": _text(title), "style": style, "style-hash": f"sha256-{digest}", "body": body}
    page = _shipped("page.html").split("@")
    # Every second piece is the name of a placeholder: one pass, so that nothing filled in is searched again.
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(page))


def grid_html(grid: Grid) -> str:
    """A heading, a table that scrolls on a narrow screen, and notes."""
    head = "".join(
        f'<th scope="col"{" class=text" if place < grid.texts else ""}>{_text(column)}</th>'
        for place, column in enumerate(grid.columns)
    )
    rows = "".join(f"<tr>{''.join(_cells(row, grid.texts))}</tr>" for row in grid.rows)
    notes = "".join(f'<p class="quiet">{_text(note)}</p>' for note in grid.notes)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<h2>{_text(grid.title)}</h2>\n{_scroll(table, grid.title)}{notes}"


def _cells(row: Sequence[str], texts: int) -> Iterator[str]:
    yield f'<th scope="row" dir="auto">{_text(row[0])}</th>'
    for place, cell in enumerate(row[1:], 1):
        yield f'<td class="text" dir="auto">{_text(cell)}</td>' if place < texts else f"<td>{_text(cell)}</td>"


def _scroll(table: str, name: str) -> str:
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{_text(name)}">{table}</div>'


def _warnings(figures: Figures) -> str:
    items = "".join(f'<li dir="auto">{_text(warning)}</li>' for warning in figures.warnings)
    return f'<ul class="warnings" aria-label="Beware">{items}</ul>' if items else ""


def _curves(figures: Figures) -> Iterator[str]:
    """A chart of the models and one of the controls, on the same scale."""
    placed = list(enumerate(figures.models))
    shown = [(place, model) for place, model in placed if model.missing < model.replies]
    if not shown:
        return
    span = value_range([model for _, model in shown])
    yield '<h2>AL(k): the mean score at each turn</h2><div class="charts">'
    for title, mine in (
        ("Models", [one for one in shown if one[1].control is None]),
        ("Controls", [one for one in shown if one[1].control is not None]),
    ):
        if mine:
            chart = curve_chart(mine, span, f"AL(k) of {title.lower()}")
            yield f"<figure><figcaption>{title}</figcaption>{chart}{legend(mine)}</figure>"
    yield "</div>"
    yield f"<details><summary>The levels as a table</summary>{_scroll(_levels(figures.models), 'AL(k)')}</details>"


def _levels(models: Sequence[ModelFigures]) -> str:
    turns = range(1, len(models[0].overall.levels) + 1)
    head = "".join(f'<th scope="col">{turn}</th>' for turn in turns)
    rows = "".join(
        f'<tr><th scope="row" dir="auto">{_text(short(model.name, 60))}</th>'
        + "".join(_level(level, gone) for level, gone in zip(model.overall.levels, model.overall.missing, strict=True))
        + "</tr>"
        for model in models
    )
    return f'<table><thead><tr><th scope="col">turn</th>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _level(level: Estimate, missing: int) -> str:
    """The mean, and how many scores it is without."""
    return f"<td>{number(level.value)}{f'<br><small>{missing} missing</small>' if missing else ''}</td>"


def _picture(chart: str) -> str:
    return f"<figure>{chart}</figure>" if chart else ""


def _heat(results: Results, trees: dict[str, Path], folder: Path) -> Iterator[str]:
    yield "<h2>Every score</h2>"
    for place, model in enumerate(results.models):

        def link(case: str, name: str = model.name) -> str | None:
            return address(trees[name], folder, case) if name in trees else None

        table = _scroll(heat_table(model, results.cases, link), f"scores of {model.name}")
        state = " open" if place == 0 else ""
        yield f'<details{state}><summary dir="auto">{_text(short(model.name, 60))}</summary>{table}</details>'


def _dialogues(dialogues: Sequence[Dialogue], folder: Path) -> Iterator[str]:
    if dialogues:
        yield "<h2>Best and worst conversations</h2>"
    for one in dialogues:
        name = f"{_text(short(one.model, 60))} · {_text(short(one.case, 60))}"
        there = [score for score in one.scores if score is not None]
        yield f'<details class="{_text(one.kind)}"><summary dir="auto"><b>{_text(one.kind)}</b> · {name} · mean '
        yield f"{number(sum(there) / len(there) if there else None)}</summary>"
        items = "".join(f'<li dir="auto">{_text(_cut(item))}</li>' for item in one.tree.persona.items)
        yield f"<details><summary>The user, whom the model does not see</summary><ul>{items}</ul></details>"
        yield f'<ol class="said">{"".join(_messages(one, folder))}</ol></details>'


def _messages(one: Dialogue, folder: Path) -> Iterator[str]:
    """Everything that was said, each reply with its score and its place in the page of trees."""
    for node in one.messages():
        text = f'<span dir="auto">{_text(_cut(node.text))}</span>'
        if node.role == "user":
            yield f'<li class="user"><small>user, turn {node.turn}</small>{text}</li>'
            continue
        score = one.scores[node.turn - 1] if node.turn <= len(one.scores) else None
        at = _text(address(one.trees, folder, one.tree.id, node.id))
        link = f'<a href="{at}">reply, turn {node.turn}</a>'
        yield f'<li class="reply"><small>{link}: {"no score" if score is None else f"score {score:.3g}"}</small>{text}</li>'


def _trees(trees: dict[str, Path], folder: Path) -> Iterator[str]:
    if trees:
        links = "".join(
            f'<li dir="auto"><a href="{_text(address(path, folder))}">{_text(short(name, 60))}</a></li>'
            for name, path in trees.items()
        )
        yield f"<h2>All conversations</h2><ul>{links}</ul>"


def _method(figures: Figures) -> Iterator[str]:
    yield "<h2>Method</h2>"
    yield from (f"<p>{_text(sentence)}</p>" for sentence in method_sentences(figures))


def _provenance(provenance: dict[str, Any]) -> str:
    text = json.dumps(provenance, indent=2, ensure_ascii=False, default=str)
    return f'<details><summary>Provenance</summary><pre class="provenance" dir="ltr">{_text(text)}</pre></details>'


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[:_TEXT]} … ({len(text):,} characters)"


def _text(text: str) -> str:
    return escape(cleaned(text))


def _shipped(name: str) -> str:
    return files("interalign.evaluation.report").joinpath(name).read_text(encoding="utf-8")
