"""cli: the `interalign` command; one file per subcommand. Nothing heavy is imported before a subcommand runs."""

import sys
from io import TextIOWrapper

import typer

from interalign.cli.calls import calls
from interalign.cli.compare import compare
from interalign.cli.demo import demo
from interalign.cli.estimate import estimate
from interalign.cli.evaluate import evaluate
from interalign.cli.graph import graph
from interalign.cli.judges import judges
from interalign.cli.models import models
from interalign.cli.pairs import pairs
from interalign.cli.personas import personas
from interalign.cli.rejudge import rejudge
from interalign.cli.run import run
from interalign.cli.simulate import simulate
from interalign.cli.simulator import simulator
from interalign.cli.train import train
from interalign.cli.tree import tree
from interalign.errors import InteralignError

__all__ = ["app", "main"]

app = typer.Typer(
    name="interalign",
    help="Simulate conversations of personas with language models, and look at, train on and measure what comes of them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(simulate)
app.command()(estimate)
app.command()(rejudge)
app.command()(tree)
app.command()(graph)
app.command()(pairs)
app.command()(compare)
app.command()(calls)
app.command()(evaluate)
app.command()(run)
app.add_typer(models)
app.add_typer(judges)
app.add_typer(personas)
app.add_typer(simulator)
app.add_typer(train)


def main() -> None:
    """Run a command. What interalign raises on purpose is printed in a sentence, with exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a path, or a terminal's encoding, must not end a run
    try:
        app()
    except InteralignError as error:
        print(f"interalign: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
