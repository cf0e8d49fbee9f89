"""writing: everything that an evaluation leaves in its folder.

results.json     scores, provenance, and all figures under `figures`; what `interalign compare` reads
report.html      the page: tables, curves, every score, the best and worst conversations
report.md        the tables and the plots
plots/           AL(k) and heat maps as PNG and SVG
trees.html       in each model's folder of trees: the page of its conversations, that report.html has links into
"""

import json
from pathlib import Path
from typing import Any

from interalign.errors import RunFolderError
from interalign.evaluation.figures import Figures
from interalign.evaluation.report.dialogues import TREE_PAGE, extremes, tree_folders
from interalign.evaluation.report.markdown import render_markdown
from interalign.evaluation.report.page import render_page
from interalign.evaluation.report.plots import draw_plots
from interalign.evaluation.report.tables import caption
from interalign.evaluation.results import Results
from interalign.evaluation.statistics import compute_figures
from interalign.files import write_bytes, write_text
from interalign.graphs.drawing import render_html
from interalign.sim import read_trees

__all__ = ["results_text", "write_report"]


def write_report(results: Results, folder: Path) -> None:
    """Compute the figures and write all forms of the report into `folder`, results.json last.

    Raises:
        RunFolderError: a file cannot be written.
        TreeError: a file of trees is broken.
    """
    figures = compute_figures(results)
    trees = tree_folders(results, folder)
    for path, name in {path: name for name, path in reversed(trees.items())}.items():
        write_text(path / TREE_PAGE, render_html(read_trees(path), f"Conversations of {name}"))
    write_text(folder / "report.html", render_page(results, figures, extremes(results, trees), trees, folder))
    plots = draw_plots(results, figures)
    for name, content in plots.items():
        write_bytes(_plots_folder(folder) / name, content)
    pictures = ["plots/curves.png"] if plots else []
    write_text(folder / "report.md", render_markdown(figures, [caption(results)], pictures))
    write_text(folder / "results.json", results_text(results, figures))


def _plots_folder(folder: Path) -> Path:
    try:
        (folder / "plots").mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{folder / 'plots'} cannot be made ({error.strerror}); move what is there") from None
    return folder / "plots"


def results_text(results: Results, figures: Figures) -> str:
    """JSON with a line for each part, so that thousands of cases stay readable to `grep` and `diff`."""
    data: dict[str, Any] = {**results.model_dump(mode="json"), "figures": figures.model_dump(mode="json")}
    lines = (
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}" for key, value in data.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"
