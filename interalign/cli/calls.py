"""calls: the kept answers of a run."""

from pathlib import Path
from typing import Annotated

import typer


def calls(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete them; an unfinished run then starts its open conversations anew.")
    ] = False,
) -> None:
    """Show how large a run's cache of model answers is, and what the run used.

    Example: interalign calls runs/demo
    """
    from rich.console import Console
    from rich.table import Table

    from interalign.errors import MissingError
    from interalign.sim.calls import CallCache
    from interalign.sim.calls.ledger import Ledger

    path = run / "calls.sqlite"
    if not path.is_file():
        raise MissingError(f"{run} has no calls.sqlite; only runs on a real engine keep their answers")
    cache = CallCache(path)
    ledger = Ledger()
    for record in cache.records():
        ledger.record(
            ledger[record.role, record.model], record.prompt, record.cached, record.completion, record.seconds
        )
    cache.close()
    table = Table("role", "model", box=None, header_style="bold")
    for title in ("calls", "prompt tokens", "cached", "completion tokens", "p50 s", "p99 s"):
        table.add_column(title, justify="right")
    for row in ledger.to_dict()["by_role_and_model"]:
        counts = (f"{row[name]:,}" for name in ("calls", "prompt_tokens", "cached_tokens", "completion_tokens"))
        table.add_row(row["role"], row["model"], *counts, f"{row['seconds_p50']:.2f}", f"{row['seconds_p99']:.2f}")
    Console().print(table)
    size = path.stat().st_size
    if prune:
        for leftover in run.glob("calls.sqlite*"):
            leftover.unlink()
    typer.echo(f"{path}: {ledger.calls} answers, {size / 1e6:.1f} MB{', deleted' if prune else ''}")
