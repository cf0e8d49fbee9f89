"""terminal: the reports as rich tables."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from interalign.evaluation.judging.figures import plain

__all__ = ["text_table"]


def text_table(heads: Sequence[str], lines: Iterable[tuple[str, Sequence[str]]]) -> Any:
    """A table of texts, one line each: a title, then cells. Nothing in them is markup or steers the terminal."""
    table = Table("", box=None, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(Text(plain(head, 40)))
    for title, cells in lines:
        table.add_row(Text(plain(title, 60)), *(Text(plain(cell, 300)) for cell in cells))
    return table
