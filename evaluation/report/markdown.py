"""markdown: the tables of an evaluation for a paper's draft or a pull request."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from interalign.evaluation.figures import Figures
from interalign.evaluation.report.tables import Grid, grids, method_sentences
from interalign.evaluation.report.texts import cleaned

__all__ = ["grid_lines", "render_markdown"]

_SYNTAX = re.compile(r"[\\`*_{}|~$#]|:(?=//)|(?<=www)\.|\[(?!-?[\d.]+, -?[\d.]+\](?![(\[:]))")
"""What begins markup, a link or a table's edge. The brackets of an interval are left as they are."""


def render_markdown(figures: Figures, said: Sequence[str], pictures: Sequence[str] = ()) -> str:
    """`said` are lines on what was measured, `pictures` file names of plots, relative to the Markdown file."""
    lines = ["# Alignment over the turns of a conversation", ""]
    lines += [line for one in said for line in (_text(one), "")]
    for warning in figures.warnings:
        lines += [f"> **Beware:** {_text(warning)}", ""]
    lines += [line for picture in pictures for line in (f"![AL(k) for each model]({picture})", "")]
    for grid in grids(figures):
        lines += [*grid_lines(grid), ""]
    lines += ["## Method", "", *(_text(sentence) for sentence in method_sentences(figures))]
    return "\n".join(lines) + "\n"


def grid_lines(grid: Grid) -> Iterator[str]:
    """A table with its title and notes."""
    yield f"## {_text(grid.title)}"
    yield ""
    yield _row(grid.columns)
    yield "|" + "|".join("---" if place < grid.texts else "---:" for place in range(len(grid.columns))) + "|"
    yield from (_row(row) for row in grid.rows)
    for note in grid.notes:
        yield ""
        yield _text(note)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_text(cell) for cell in cells) + " |"


def _text(text: str) -> str:
    """Text that no Markdown reader finds markup, a link or a table's edge in."""
    flat = " ".join(cleaned(text).split())
    return _SYNTAX.sub(r"\\\g<0>", escape(flat, quote=False))
