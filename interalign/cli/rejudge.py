"""rejudge: judge saved trees again."""

from pathlib import Path
from typing import Annotated

import typer

from interalign.cli.simulate import Overrides


def rejudge(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    judge: Annotated[str, typer.Option(help="embedding or llm; with --set cast.judge.KEY=VALUE for more.")],
    set_: Overrides = None,
    name: Annotated[
        str | None, typer.Option(help="What its verdicts are kept under; the judge's own name unless given.")
    ] = None,
) -> None:
    """Let another judge compare the replies of a run, without simulating again; both verdicts are kept.

    Example: interalign rejudge runs/first_run --judge embedding
    """
    from interalign.config import load_config
    from interalign.errors import MissingError
    from interalign.sim import RunConfig
    from interalign.sim import run as run_async
    from interalign.sim.rejudge import rejudge as rejudge_run

    if not (run / "config.toml").is_file():
        raise MissingError(f"{run} is no run folder: it has no config.toml")
    config = load_config(run / "config.toml", RunConfig, [f"cast.judge={{ judge = {judge!r} }}", *(set_ or ())])
    found = run_async(lambda: rejudge_run(run, config, name))
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.outcomes.items()))
    typer.echo(f"{found.judge}: {counts}")
    both = found.agreed + found.flipped
    if both:
        typer.echo(
            f"of {both} comparisons that both judges decided, {found.flipped} come out the other way ({found.flipped / both:.0%})"
        )
    typer.echo(f"pairs by this judge:  interalign pairs {run} --judge {found.judge} -o pairs.jsonl")
