"""demo: the main job on a small real model, from personas to trees, pairs, and how well the model adapts."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from interalign.evaluation import Evaluation

_SHOWN = ("models", "controls", "alignment")
"""Tables of an evaluation that fit below a tree; its report has the others."""


class DemoEngine(StrEnum):
    """What plays the demo."""

    embedded = "embedded"
    scripted = "scripted"


def demo(
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("runs/demo"),
    conversations: Annotated[int, typer.Option(min=1)] = 4,
    turns: Annotated[int, typer.Option(min=1, max=100)] = 4,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    cases: Annotated[int, typer.Option(min=0, max=100, help="Held-out users to evaluate the model with; 0: none.")] = 6,
    engine: Annotated[
        DemoEngine, typer.Option(help="scripted: no model at all, in a few seconds.")
    ] = DemoEngine.embedded,
) -> None:
    """Grow a few conversation trees, show what comes of them, and evaluate the model.

    Example: interalign demo --engine scripted --out runs/scripted-demo
    """
    from importlib.resources import as_file, files

    from interalign.cli.simulate import describe, run_config
    from interalign.config import load_config
    from interalign.sim import RunConfig

    overrides = [f"run.conversations={conversations}", f"run.turns={turns}", f"run.seed={seed}"]
    with as_file(files("interalign") / f"demo_{engine.value}.toml") as path:
        config = load_config(path, RunConfig, overrides)
    summary = run_config(config, out)
    _show(out)
    typer.echo(describe(summary))
    if cases:
        _evaluate(out, engine, [f"evaluate.cases={cases}", f"evaluate.turns={turns}", f"evaluate.seed={seed}"])


def _show(out: Path) -> None:
    """The first conversation on the terminal, and the pairs of all of them as a file."""
    from rich.console import Console

    from interalign.graphs.drawing import draw_tree
    from interalign.sim import read_trees
    from interalign.training import preference_rows, write_rows

    first = next(read_trees(out), None)
    if first is None:
        typer.echo(f"no conversation came to its end; {out / 'failures.jsonl'} says why")
        raise typer.Exit(1)
    Console().print(draw_tree(first))
    count = write_rows(preference_rows(read_trees(out)), out / "pairs.jsonl")
    typer.echo(f"{count} preference pairs in {out / 'pairs.jsonl'}, ready for TRL")


def _evaluate(out: Path, engine: DemoEngine, overrides: list[str]) -> None:
    """The plain model with users it has never met, between replies that fit everybody and replies that know everything."""
    from importlib.resources import as_file, files

    from interalign.cli.evaluate import evaluate_config
    from interalign.config import load_config
    from interalign.evaluation import EvaluateConfig

    typer.echo("\nevaluating the plain model with users that it has never met")
    with as_file(files("interalign") / f"demo_{engine.value}_evaluate.toml") as path:
        config = load_config(path, EvaluateConfig, overrides)
    found = evaluate_config(config, out / "aloe")
    _show_alignment(found)
    _link(out / "report.html", "aloe/report.html")
    typer.echo(f"{found.calls} calls, {found.seconds:.0f} s; the curves:  open {found.folder / 'report.html'}")


def _show_alignment(found: "Evaluation") -> None:
    from rich.console import Console

    from interalign.evaluation.report.tables import caption, grids
    from interalign.evaluation.report.terminal import print_grid
    from interalign.evaluation.statistics import compute_figures

    figures = compute_figures(found.results)
    console = Console()
    console.print(caption(found.results), markup=False)
    for grid in grids(figures):
        if grid.name in _SHOWN:
            print_grid(grid, console)


def _link(page: Path, target: str) -> None:
    """The page of trees leads to the page of the evaluation."""
    from interalign.cli.tree import failures_of
    from interalign.files import write_text
    from interalign.graphs.drawing import render_html
    from interalign.sim import read_trees

    run = page.parent
    links = {"evaluation: AL(k)": target}
    write_text(page, render_html(read_trees(run), f"interalign · {run.name}", failures_of(run), links))
