"""rejudge: judge saved trees again."""

from pathlib import Path
from typing import Annotated

import typer

from interalign.cli.simulate import Overrides


def rejudge(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    judge: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A kind of judge (embedding, llm, likelihood, human ...), a table [judges.NAME], or module:Class of your own; "
            "with --set cast.judge.KEY=VALUE for more. docs/judges.md has all.",
        ),
    ],
    set_: Overrides = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG.toml", help="Its [models] and [judges] come to those of the run."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What its verdicts are kept under; the judge's own name unless given.")
    ] = None,
) -> None:
    """Let another judge compare the replies of a run, without simulating again; both verdicts are kept.

    Example: interalign rejudge runs/first_run --judge embedding
    """
    import shlex

    from interalign.cli.simulate import judge_override, warn_of_same_model
    from interalign.config import parse_config, read_toml
    from interalign.errors import MissingError
    from interalign.sim import RunConfig
    from interalign.sim import run as run_async
    from interalign.sim.judge_config import add_tables
    from interalign.sim.rejudge import rejudge as rejudge_run

    own = run / "config.toml"
    if not own.is_file():
        raise MissingError(f"{run} is no run folder: it has no config.toml")
    data = add_tables(read_toml(own), read_toml(config)) if config else read_toml(own)
    source = f"{own} with {config}" if config else str(own)
    loaded = parse_config(data, RunConfig, [judge_override(judge), *(set_ or ())], source)
    warn_of_same_model(loaded)
    found = run_async(lambda: rejudge_run(run, loaded, name))
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.outcomes.items()))
    typer.echo(f"{found.judge}: {counts}")
    both = found.agreed + found.flipped
    if both:
        typer.echo(
            f"of {both} comparisons that both judges decided, {found.flipped} come out the other way ({found.flipped / both:.0%})"
        )
    again = f"interalign pairs {shlex.quote(str(run))} --judge {shlex.quote(found.judge)} --out data/NAME"
    typer.echo(f"pairs by this judge:  {again}")
