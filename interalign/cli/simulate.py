"""simulate: run a config."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from interalign.sim import RunConfig, Summary

_SHOWN = 1000
"""Conversations on a run's page; `interalign tree RUN --html FILE` makes one of all."""

Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in run.turns=4; repeatable.")
]


def simulate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The run to do; see examples/first_run.toml.")],
    set_: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="The run folder; runs/NAME for NAME.toml unless given.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show the trees while they grow.")] = False,
    judge: Annotated[str | None, typer.Option(metavar="NAME", help="Replaces cast.judge; see docs/judges.md.")] = None,
) -> None:
    """Grow conversation trees as a config says. The same command again goes on with an unfinished run.

    Example: interalign simulate examples/first_run.toml --set run.conversations=4
    """
    from interalign.config import load_config
    from interalign.sim import RunConfig

    chosen = [] if judge is None else [judge_override(judge)]
    loaded = load_config(config, RunConfig, [*chosen, *(set_ or ())])
    folder = out or Path(loaded.run.out or Path("runs") / config.stem).expanduser()
    summary = run_config(loaded, folder, watch)
    typer.echo(describe(summary))
    if summary.failed and not summary.conversations:
        raise typer.Exit(1)


def run_config(config: "RunConfig", out: Path, watch: bool = False) -> "Summary":
    """Simulate with progress; Ctrl-C says how to go on. Writes the page, too."""
    import shlex
    import sys
    from itertools import islice

    from interalign.cli.tree import failures_of
    from interalign.files import write_text
    from interalign.graphs.drawing import render_html
    from interalign.sim import read_trees, run, simulate
    from interalign.sim.progress import progress_for

    warn_of_same_model(config)
    progress = progress_for(sys.stdout.isatty(), watch)
    try:
        summary = run(lambda: simulate(config, out, progress=progress))
    except KeyboardInterrupt:
        progress.close()
        kept = sum(1 for _ in read_trees(out)) if (out / "trees.jsonl").exists() else 0
        again = f"interalign {shlex.join(sys.argv[1:])}"
        typer.echo(f"\nstopped: {kept} finished conversations are kept in {out}; go on with: {again}", err=True)
        raise typer.Exit(130) from None
    if summary.calls or not (out / "report.html").exists():
        shown = list(islice(read_trees(out), _SHOWN))
        more = f" (the first {_SHOWN:,})" if summary.conversations > _SHOWN else ""
        write_text(out / "report.html", render_html(shown, f"interalign · {out.name}{more}", failures_of(out)))
    return summary


def judge_override(name: str) -> str:
    """The override that makes a judge that of the cast, as a table: `--set cast.judge.KEY=VALUE` may follow."""
    import json

    return f"cast.judge={{ judge = {json.dumps(name)} }}"


def warn_of_same_model(config: "RunConfig") -> None:
    """One sentence on stderr where a model would judge its own replies."""
    from interalign.sim.judging import same_model

    if sentence := same_model(config):
        typer.echo(f"warning: {sentence}", err=True)


def first_failure(folder: Path) -> str:
    """Why the first failed conversation failed."""
    import json

    with (folder / "failures.jsonl").open(encoding="utf-8") as file:
        return json.loads(file.readline())["reason"]


def describe(summary: "Summary") -> str:
    """What a run came to, in a few lines."""
    failed = f", {summary.failed} failed (see {summary.folder / 'failures.jsonl'})" if summary.failed else ""
    lines = [f"stopped: {summary.stopped}"] if summary.stopped else []
    lines += [f"{summary.conversations} conversations in {summary.folder}{failed}"]
    if summary.calls:
        rate = summary.tokens / summary.seconds
        lines.append(
            f"{summary.calls} calls, {summary.tokens} tokens written, {summary.seconds:.0f} s ({rate:.0f} tokens/s)"
        )
    elif summary.failed:
        lines.append(f"no call was answered; the first reason: {first_failure(summary.folder)}")
    elif not summary.stopped:
        lines.append("nothing was left to do")
    if summary.health.conversations:
        lines.append(f"simulated users: {summary.health}")
    lines.append(f"look at it:  interalign tree {summary.folder}   or open {summary.folder / 'report.html'}")
    return "\n".join(lines)
