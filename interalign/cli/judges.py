"""judges: measure judges against people, and against each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interalign.cli.simulate import Overrides

if TYPE_CHECKING:
    from interalign.sim import RunConfig

judges = typer.Typer(
    name="judges",
    help="Measure judges against people, and against each other.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Names = Annotated[
    list[str], typer.Option("--judge", metavar="NAME", help="A judge, or a table [judges.NAME] of the config; repeatable.")
]


@judges.command()
def card(
    judge: Names,
    data: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA.jsonl]", help="Human judgements: generic, LLMBar or PandaLM; 60 that ship unless given."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="CONFIG.toml", help="Its [models] and [judges]; for judges that need a model.")
    ] = None,
    set_: Overrides = None,
    repeats: Annotated[int, typer.Option(min=1, max=1000, help="How often each row is asked.")] = 2,
    out: Annotated[Path, typer.Option(help="The folder for card.html, card.json and all answers.")] = Path("runs/judge-card"),
) -> None:
    """Hold judges to human labels: accuracy, agreement, biases, consistency and cost. The same command again asks nothing twice.

    Example: interalign judges card --judge embedding
    """
    from rich.console import Console

    from interalign.evaluation.judging import card_lines, card_page, data_sentences, measure_judges, text_table
    from interalign.evaluation.judging import read_judgements, shipped_judgements
    from interalign.files import write_text
    from interalign.sim import run as run_async

    rows = shipped_judgements() if data is None else read_judgements(data)
    configs = _configs(judge, config, set_ or ())
    name = "the 60 pairs that ship" if data is None else data.name
    with _Progress() as progress:
        found = run_async(lambda: measure_judges(configs, rows, name, out, repeats, progress.update))
    write_text(out / "card.json", found.model_dump_json(indent=2) + "\n")
    write_text(out / "card.html", card_page(found, rows))
    console = Console()
    for sentence in data_sentences(found):
        console.print(sentence, markup=False, highlight=False)
    names = [column.name for column in found.judges]
    console.print(text_table(names, ((line.title, line.cells) for line in card_lines(found))))
    typer.echo(f"wrote {out / 'card.html'} and {out / 'card.json'}")


def _configs(names: Sequence[str], path: Path | None, overrides: Sequence[str]) -> "list[RunConfig]":
    """A config for each judge. Raises ConfigError for a judge that needs a model where no config names any."""
    from interalign.config import parse_config, read_toml
    from interalign.errors import ConfigError
    from interalign.sim import RunConfig
    from interalign.sim.judge_config import judge_players

    data: Mapping[str, Any] = {"models": {"none": {"engine": "scripted"}}} if path is None else read_toml(path)
    configs: list[RunConfig] = []
    for name in names:
        config = parse_config(data, RunConfig, [_named(name), *overrides], source=str(path or "no --config"))
        if path is None and list(judge_players(config.cast.judge, "cast.judge")):
            raise ConfigError(f"the judge {name!r} is played by a model; name one in [models] of a --config CONFIG.toml")
        configs.append(config)
    return configs


def _named(name: str) -> str:
    """The override that makes a judge the one of the cast; any text is a TOML string here."""
    import json

    return f"cast.judge={{ judge = {json.dumps(name)} }}"


class _Progress:
    """A bar on stderr where that is a terminal."""

    def __enter__(self) -> "_Progress":
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bars = Progress(console=console, disable=not console.is_terminal, transient=True)
        self._tasks: dict[str, Any] = {}
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()

    def update(self, judge: str, done: int, wanted: int) -> None:
        from rich.markup import escape

        if judge not in self._tasks:
            self._tasks[judge] = self._bars.add_task(escape(judge), total=wanted)
        self._bars.update(self._tasks[judge], completed=done)
