"""estimate: what a run will cost."""

from pathlib import Path
from typing import Annotated

import typer

from interalign.cli.simulate import Overrides


def estimate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The run, as for simulate.")],
    set_: Overrides = None,
    probe: Annotated[int, typer.Option(min=1, help="Conversations that are played to find out.")] = 3,
) -> None:
    """Say how many calls, tokens, how much money and time a run will take.

    Example: interalign estimate examples/first_run.toml --set run.conversations=1000
    """
    from rich.console import Console
    from rich.table import Table

    from interalign.config import load_config
    from interalign.sim import RunConfig, run
    from interalign.sim.estimate import estimate as estimate_run

    loaded = load_config(config, RunConfig, set_ or ())
    found = run(lambda: estimate_run(loaded, probe))
    table = Table("role", "model", box=None, header_style="bold")
    for title in ("calls", "prompt tokens", "completion tokens", "money"):
        table.add_column(title, justify="right")
    for line in (*found.lines, found.total):
        counts = (f"{count:,}" for count in (line.calls, line.prompt_tokens, line.completion_tokens))
        table.add_row(line.role, line.model, *counts, f"{line.money:.4g}")
    Console().print(table)
    typer.echo(
        f"{loaded.run.conversations} conversations x {loaded.run.turns} turns: about {_duration(found.seconds)}, "
        f"by a probe of {found.probe} conversations"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
