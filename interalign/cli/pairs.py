"""pairs: preference pairs as training data."""

from pathlib import Path
from typing import Annotated

import typer


def pairs(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.jsonl", help="Where the rows go.")],
    judge: Annotated[str | None, typer.Option(help="Whose verdicts count; the first judge's unless given.")] = None,
) -> None:
    """Write the preference pairs of a run as JSON Lines that TRL's trainers read.

    Example: interalign pairs runs/demo -o pairs.jsonl
    """
    from interalign.sim import read_trees
    from interalign.training import preference_rows, write_rows

    count = write_rows(preference_rows(read_trees(run), judge), output)
    typer.echo(f"wrote {count} preference pairs to {output}")
