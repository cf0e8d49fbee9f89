"""compare: several evaluations in one table."""

from pathlib import Path
from typing import Annotated

import typer


def compare(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT...", help="Folders of evaluations, or their results.json.")
    ],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures.")] = None,
    md: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the tables as Markdown.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write them as a self-contained page.")] = None,
) -> None:
    """Compare the models of several evaluations: in pairs where cases, user and judge are the same, else side by side.

    Example: interalign compare runs/base runs/tuned --md comparison.md
    """
    from rich.console import Console

    from interalign.evaluation.merging import compare_results, comparison_text, labels_of, why_unpaired
    from interalign.evaluation.reading import read_results
    from interalign.evaluation.report.markdown import render_markdown
    from interalign.evaluation.report.page import render_figures
    from interalign.evaluation.report.tables import caption
    from interalign.evaluation.report.terminal import print_figures
    from interalign.evaluation.report.texts import short
    from interalign.files import write_text

    named = dict(zip(labels_of(results), (read_results(path) for path in results), strict=True))
    reasons = why_unpaired(named)
    figures = compare_results(named)
    said = [f"{label}: {caption(one)}" for label, one in named.items()]
    said += [f"not compared in pairs: {short(reason, 300)}" for reason in reasons]
    print_figures(figures, said, Console())
    if json is not None:
        write_text(json, comparison_text(named, figures))
    if md is not None:
        write_text(md, render_markdown(figures, said))
    if html is not None:
        write_text(html, render_figures(figures, said))
    for path in (json, md, html):
        if path is not None:
            typer.echo(f"wrote {path}")
