"""evaluate: the ALOE benchmark: does a model align with its user?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interalign.cli.simulate import Overrides

if TYPE_CHECKING:
    from interalign.evaluation import EvaluateConfig, Evaluation


def evaluate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="What to measure; see examples/evaluate.toml.")],
    cases: Annotated[int | None, typer.Option(min=1, help="Held-out personas; 100 unless set.")] = None,
    turns: Annotated[int | None, typer.Option(min=1, max=100, help="Of each conversation; 10 unless set.")] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Who scores: embedding, llm, or a name of [judges]. Saved dialogues are scored again."),
    ] = None,
    controls: Annotated[
        str | None, typer.Option(help="generic,echo,oracle,swap, or some of them; 'none' for none.")
    ] = None,
    flip_at: Annotated[
        int | None, typer.Option(min=2, help="From this turn on the user has other preferences.")
    ] = None,
    paper_compat: Annotated[
        bool,
        typer.Option(
            "--paper-compat", help="As the authors' released scripts do it; see docs/differences-from-the-paper.md."
        ),
    ] = False,
    set_: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="The folder; runs/NAME for NAME.toml unless given.")] = None,
) -> None:
    """Let models talk with users whose persona they do not see, and score how well they adapt, turn by turn.

    The same command again goes on where it was stopped, and tries again what failed.

    Example: interalign evaluate examples/evaluate.toml --cases 20 --turns 4 --controls generic,oracle
    """
    from rich.console import Console

    from interalign.config import load_config
    from interalign.evaluation import EvaluateConfig
    from interalign.evaluation.report import print_results

    given = {
        "cases": cases,
        "turns": turns,
        "judge": None if judge is None else f"{{ judge = {_quoted(judge)} }}",
        "controls": None if controls is None else _listed(controls),
        "flip_at": flip_at,
        "paper_compat": "true" if paper_compat else None,
    }
    overrides = [f"evaluate.{key}={value}" for key, value in given.items() if value is not None]
    loaded = load_config(config, EvaluateConfig, [*overrides, *(set_ or ())])
    folder = out or Path(loaded.evaluate.out or Path("runs") / config.stem).expanduser()
    found = evaluate_config(loaded, folder)
    print_results(found.results, Console())
    typer.echo(describe(found))
    if all(value is None for model in found.results.models for row in model.scores["overall"] for value in row):
        raise typer.Exit(1)


def evaluate_config(config: "EvaluateConfig", out: Path) -> "Evaluation":
    """Evaluate with progress; Ctrl-C says how to go on."""
    import shlex
    import sys

    from interalign.evaluation import evaluate
    from interalign.sim import run
    from interalign.sim.progress import progress_for

    progress = progress_for(sys.stdout.isatty())
    try:
        return run(lambda: evaluate(config, out, progress=progress))
    except KeyboardInterrupt:
        progress.close()
        again = f"interalign {shlex.join(sys.argv[1:])}"
        typer.echo(f"\nstopped: what is finished is kept in {out}; go on with: {again}", err=True)
        raise typer.Exit(130) from None


def describe(found: "Evaluation") -> str:
    """What an evaluation came to, beside its tables."""
    lines = [f"stopped: {found.stopped}"] if found.stopped else []
    missing = sum(len(model.missing) for model in found.results.models)
    if missing:
        lines.append(f"{missing} scores are missing; the tables say why, and the same command tries failed calls again")
    lines.append(f"{found.calls} calls, {found.seconds:.0f} s; results in {found.folder}")
    lines.append(f"look at it:  open {found.folder / 'report.html'}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """As a TOML string."""
    import json

    return json.dumps(text)


def _listed(text: str) -> str:
    names = [name.strip() for name in text.split(",") if name.strip()]
    return "[" + ", ".join(_quoted(name) for name in names if name != "none") + "]"
