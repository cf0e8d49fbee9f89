"""notebook: the tables of an evaluation as static HTML for Jupyter and its like."""

from html import escape

from interalign.evaluation.report.tables import caption, grids
from interalign.evaluation.results import Results
from interalign.evaluation.statistics import compute_figures
from interalign.graphs.drawing import notebook_table

__all__ = ["notebook_results"]


def notebook_results(results: Results) -> str:
    """What was measured, and all tables of the report; every text in them is escaped."""
    tables = (notebook_table(grid.title, grid.rows, grid.columns) for grid in grids(compute_figures(results)))
    return f"<p>{escape(caption(results))}</p>\n" + "\n".join(tables)
