"""simulator: measure the simulated users themselves."""

from pathlib import Path
from typing import Annotated

import typer

simulator = typer.Typer(
    name="simulator",
    help="Measure the simulated users themselves.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@simulator.callback()
def _group() -> None:
    """Measure the simulated users themselves."""


@simulator.command()
def card(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a file of trees.")],
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="HUMAN.jsonl", help='Conversations of people: {"messages": [{"role", "content"}]} a line.'
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the card as a self-contained page.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures.")] = None,
) -> None:
    """Say how the user agents of a run talk, alone or beside people: length, questions, words, faults, disclosure, endings.

    Example: interalign simulator card runs/demo --html card.html
    """
    from rich.console import Console

    from interalign.errors import MissingError
    from interalign.evaluation.report.terminal import print_grid
    from interalign.evaluation.simulator import (
        card_grids,
        card_sentences,
        read_talks,
        render_card,
        simulator_card,
        talks_of,
    )
    from interalign.files import write_text
    from interalign.sim import read_trees

    people = None if against is None else read_talks(against)
    talks = talks_of(read_trees(_trees(run)))
    if not talks:
        raise MissingError(f"{run} has no conversation in which anybody speaks; let the run make some first")
    found = simulator_card(talks, people)
    for line in card_sentences(found):
        typer.echo(line)
    console = Console()
    for grid in card_grids(found):
        print_grid(grid, console)
    if html is not None:
        write_text(html, render_card(found, f"Simulator card · {run.resolve().name}"))
        typer.echo(f"wrote {html}: open it in a browser")
    if json is not None:
        write_text(json, found.model_dump_json(indent=1) + "\n")
        typer.echo(f"wrote {json}")


def _trees(run: Path) -> Path:
    """The run itself; of an evaluation's folder, say where its dialogues are."""
    from interalign.errors import MissingError

    dialogues = sorted(path.parent for path in run.glob("dialogues/*/trees.jsonl"))
    if dialogues and not (run / "trees.jsonl").exists():
        raise MissingError(f"{run} is an evaluation; give the dialogues of one of its models, such as {dialogues[0]}")
    return run
