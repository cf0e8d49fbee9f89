"""demo: the main job on a small real model, from personas to trees, pairs and a page."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class DemoEngine(StrEnum):
    """What plays the demo."""

    embedded = "embedded"
    scripted = "scripted"


def demo(
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("runs/demo"),
    conversations: Annotated[int, typer.Option(min=1)] = 4,
    turns: Annotated[int, typer.Option(min=1, max=100)] = 4,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    engine: Annotated[DemoEngine, typer.Option(help="scripted: no model at all, in a second.")] = DemoEngine.embedded,
) -> None:
    """Grow a few conversation trees and show what comes of them.

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
