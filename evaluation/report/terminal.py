"""terminal: the tables of an evaluation, and what speaks against them."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from interalign.evaluation.figures import Figures
from interalign.evaluation.report.tables import Grid, caption, grids
from interalign.evaluation.results import Results
from interalign.evaluation.statistics import compute_figures
from interalign.graphs.drawing.terminal import plain_text

__all__ = ["print_figures", "print_grid", "print_results"]

_WIDE = 120
"""Columns of a terminal in which an interval has room beside its value."""


def print_results(results: Results, console: Console) -> None:
    """Compute the figures and print their tables."""
    print_figures(compute_figures(results), (caption(results),), console)


def print_figures(figures: Figures, lines: Iterable[str], console: Console) -> None:
    """`lines` say what was measured."""
    for line in lines:
        console.print(plain_text(line))
    for grid in grids(figures):
        print_grid(grid, console)
    for warning in figures.warnings:
        console.print(plain_text(f"! {warning}", "yellow"))


def print_grid(grid: Grid, console: Console) -> None:
    """One table with its title and notes."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 0, 0, 1))
    for place, column in enumerate(grid.columns):
        table.add_column(column, justify="left" if place < grid.texts else "right", overflow="fold")
    narrow = console.width < _WIDE
    for row in grid.rows:
        table.add_row(*(plain_text(cell.replace(" [", "\n[") if narrow else cell) for cell in row))
    console.print()
    console.print(grid.title, style="bold", markup=False)
    console.print(table)
    for note in grid.notes:
        console.print(plain_text(note, "dim"))
