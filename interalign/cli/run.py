"""run: the full loop of a config: trees, pairs, training, evaluation, report."""

from pathlib import Path
from typing import Annotated

import typer

from interalign.cli.simulate import Overrides


def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The loop; see examples/full_loop.toml.")],
    set_: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="The loop's folder; runs/NAME for NAME.toml unless given.")] = None,
) -> None:
    """Do everything, from personas to a tuned model and what it gains on people it was not trained on.

    The same command again goes on where it was stopped; finished stages are skipped.

    Example: interalign run examples/full_loop.toml
    """
    import shlex
    import sys

    from interalign.config import load_config
    from interalign.loop import LoopConfig, Shows, run_loop
    from interalign.loop.report import render_text
    from interalign.sim.progress import progress_for
    from interalign.training.progress import train_progress_for

    loaded = load_config(config, LoopConfig, set_ or ())
    folder = out or Path(loaded.out or Path("runs") / config.stem).expanduser()
    terminal = sys.stdout.isatty()
    shows = Shows(
        say=lambda line: typer.echo(line),
        simulation=lambda: progress_for(terminal),
        training=lambda: train_progress_for(terminal),
    )
    try:
        looped = run_loop(loaded, folder, shows)
    except KeyboardInterrupt:
        again = f"interalign {shlex.join(sys.argv[1:])}"
        typer.echo(f"\nstopped: what is finished is kept in {folder}; go on with: {again}", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"\n{render_text(looped.findings)}\n\nlook at it:  open {folder / 'report.html'}")
