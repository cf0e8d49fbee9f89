"""writing: everything that an evaluation leaves in its folder.

results.json     scores, provenance, and all figures under `figures`; what `interalign compare` reads
report.md        the tables
"""

import json
from pathlib import Path
from typing import Any

from interalign.evaluation.figures import Figures
from interalign.evaluation.report.markdown import render_markdown
from interalign.evaluation.results import Results
from interalign.evaluation.statistics import compute_figures
from interalign.files import write_text

__all__ = ["results_text", "write_report"]


def write_report(results: Results, folder: Path) -> None:
    """Compute the figures and write all forms of the report into `folder`.

    Raises:
        RunFolderError: a file cannot be written.
    """
    figures = compute_figures(results)
    write_text(folder / "report.md", render_markdown(figures, results.judge))
    write_text(folder / "results.json", results_text(results, figures))


def results_text(results: Results, figures: Figures) -> str:
    """JSON with a line for each part, so that thousands of cases stay readable to `grep` and `diff`."""
    data: dict[str, Any] = {**results.model_dump(mode="json"), "figures": figures.model_dump(mode="json")}
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}" for key, value in data.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"
