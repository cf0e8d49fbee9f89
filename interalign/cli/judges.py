"""judges: measure judges against people, and against each other."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interalign.cli.simulate import Overrides

if TYPE_CHECKING:
    from interalign.evaluation.judging import Comparison
    from interalign.evaluation.judging.report import Line
    from interalign.sim import RunConfig

_FLIPS = 3

judges = typer.Typer(
    name="judges",
    help="Measure judges against people, and against each other.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Names = Annotated[
    list[str],
    typer.Option(
        "--judge", metavar="NAME", help="A kind of judge, a table [judges.NAME], or module:Class; repeatable."
    ),
]


@judges.command()
def card(
    judge: Names,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA.jsonl", help="Human judgements: generic, LLMBar or PandaLM; 60 that ship unless given."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG.toml", help="Its [models] and [judges]; for judges that need a model."),
    ] = None,
    set_: Overrides = None,
    repeats: Annotated[int, typer.Option(min=1, max=1000, help="How often each row is asked.")] = 2,
    out: Annotated[Path, typer.Option(help="The folder for card.html, card.json and all answers.")] = Path(
        "runs/judge-card"
    ),
) -> None:
    """Hold judges to human labels: accuracy, agreement, biases, consistency and cost. The same command again asks nothing twice.

    Example: interalign judges card --judge embedding
    """
    from interalign.evaluation.judging import (
        card_lines,
        card_page,
        data_sentences,
        measure_judges,
        read_judgements,
        shipped_judgements,
    )
    from interalign.files import write_text
    from interalign.sim import run as run_async

    rows = shipped_judgements() if data is None else read_judgements(data)
    configs = _configs(judge, config, set_ or ())
    name = "the 60 pairs that ship" if data is None else data.name
    with _Progress(quiet=any(map(_asks_people, configs))) as progress:
        found = run_async(lambda: measure_judges(configs, rows, name, out, repeats, progress.update))
    write_text(out / "card.json", found.model_dump_json(indent=2) + "\n")
    write_text(out / "card.html", card_page(found, rows))
    _print(data_sentences(found), [([column.name for column in found.judges], card_lines(found))])
    typer.echo(f"wrote {out / 'card.html'} and {out / 'card.json'}")


@judges.command()
def compare(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    judge: Annotated[
        list[str] | None,
        typer.Option(
            "--judge", metavar="NAME", help="Who has judged the run, or is to; repeatable; all who have unless given."
        ),
    ] = None,
    set_: Overrides = None,
    config: Annotated[
        Path | None, typer.Option(metavar="CONFIG.toml", help="Its [models] and [judges] come to those of the run.")
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="Let judges that can score single replies do so, for AL(k): more calls.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The folder for comparison.html and comparison.json; RUN unless given.")
    ] = None,
) -> None:
    """Compare judges on the same trees: agreement, flips, effect on pairs and curves. Only who has not judged the run is asked.

    Example: interalign judges compare runs/demo --judge llm --judge embedding
    """
    from interalign.cli.simulate import warn_of_same_model
    from interalign.config import read_toml
    from interalign.evaluation.judging import (
        agreement_lines,
        compare_run,
        comparison_page,
        comparison_sentences,
        side_lines,
    )
    from interalign.files import write_text
    from interalign.sim import run as run_async

    more: dict[str, Any] = {"tables": read_toml(config) if config else None, "with_scores": scores}
    found = run_async(lambda: compare_run(run, judge or (), set_ or (), before=warn_of_same_model, **more))
    folder = out or run
    write_text(folder / "comparison.json", found.model_dump_json(indent=2) + "\n")
    write_text(folder / "comparison.html", comparison_page(found))
    sides = ([side.name for side in found.judges], side_lines(found))
    pairs = ([f"{pair.first} · {pair.second}" for pair in found.agreements], agreement_lines(found))
    _print(comparison_sentences(found), [sides, pairs])
    _print_flips(found)
    typer.echo(f"wrote {folder / 'comparison.html'} and {folder / 'comparison.json'}")


def _print(sentences: Iterable[str], tables: "Iterable[tuple[Sequence[str], Iterable[Line]]]") -> None:
    from rich.console import Console

    from interalign.evaluation.judging import text_table

    console = Console()
    for sentence in sentences:
        console.print(sentence, markup=False, highlight=False)
    for heads, lines in tables:
        console.print()
        console.print(text_table(heads, ((line.title, line.cells) for line in lines)))


def _print_flips(found: "Comparison") -> None:
    """The first flips with the beginning of their texts; the page has all of them."""
    from interalign.evaluation.judging.figures import plain

    shown = found.flips[:_FLIPS]
    typer.echo(f"\n{len(found.flips)} flips" + (f", the first {len(shown)}:" if shown else ""))
    for flip in shown:
        said = ", ".join(f"{plain(name)} {outcome}" for name, outcome in flip.outcomes.items())
        typer.echo(f"  {plain(flip.conversation)}, turn {flip.turn}: {said}")
        for name, text in (("user", flip.user), ("a", flip.a.text), ("b", flip.b.text)):
            typer.echo(f"    {name:5}{plain(text, 100)}")


def _configs(names: Sequence[str], path: Path | None, overrides: Sequence[str]) -> "list[RunConfig]":
    """A config for each judge. Raises ConfigError for a judge that needs a model where no config names any."""
    from interalign.cli.simulate import judge_override
    from interalign.config import parse_config, read_toml
    from interalign.errors import ConfigError
    from interalign.sim import RunConfig
    from interalign.sim.judge_config import judge_players

    data: Mapping[str, Any] = {"models": {"none": {"engine": "scripted"}}} if path is None else read_toml(path)
    configs: list[RunConfig] = []
    for name in names:
        config = parse_config(data, RunConfig, [judge_override(name), *overrides], source=str(path or "no --config"))
        if path is None and list(judge_players(config.cast.judge, "cast.judge")):
            raise ConfigError(
                f"the judge {name!r} is played by a model; name one in [models] of a --config CONFIG.toml"
            )
        configs.append(config)
    return configs


def _asks_people(config: "RunConfig") -> bool:
    """Whether a person is asked on this terminal, where a bar would be in the way."""
    from interalign.sim.judge_config import HumanJudgeConfig, members_of

    return any(isinstance(member, HumanJudgeConfig) for member in members_of(config.cast.judge))


class _Progress:
    """A bar on stderr where that is a terminal, unless it is to be quiet."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def __enter__(self) -> "_Progress":
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bars = Progress(console=console, disable=self._quiet or not console.is_terminal, transient=True)
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
