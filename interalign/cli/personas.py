"""personas: the pool of personas: check it, let a model build one, bring in and give out, draw from it."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interalign.cli.simulate import Overrides

if TYPE_CHECKING:
    from interalign.agents import Persona, Personality, Profile
    from interalign.sim.personas import BuildSummary, Imported

personas = typer.Typer(
    name="personas",
    help="Check, build, import, export and sample personas.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


class FileFormat(StrEnum):
    """What a file of personas looks like."""

    jsonl = "jsonl"
    csv = "csv"
    persona_hub = "persona_hub"
    tinytroupe = "tinytroupe"


class PoolName(StrEnum):
    """What ships with interalign."""

    train = "train"
    heldout = "heldout"


@personas.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="JSONL; without one the shipped personas are checked."),
    ] = None,
    threshold: Annotated[float | None, typer.Option(min=-1, max=1, help="The filter's; 0.6 unless given.")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="CONFIG.toml", help="A build's config: its embedder and threshold are used.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all of it as a self-contained page.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the pool (extra: plot).")] = None,
) -> None:
    """Say how many there are, how similar, how long and how evenly spread, in each file and between files.

    The exit status is 1 if the filter would not have let some of them in together, or if a sentence stands twice.

    Example: interalign personas check --html pool.html
    """
    from interalign.config import load_config
    from interalign.files import write_text
    from interalign.sim import run
    from interalign.sim.personas import BuildConfig, check_with, read_pools, render_page, render_png, shipped_pools
    from interalign.sim.personas.embedders import WordLlamaConfig
    from interalign.sim.personas.text import report_lines

    settings = load_config(config, BuildConfig) if config else None
    if threshold is None:
        threshold = settings.filter.threshold if settings else 0.6
    pools = read_pools(files) if files else shipped_pools()
    report = run(lambda: check_with(settings.embedder if settings else WordLlamaConfig(), pools, threshold))
    picture = render_png(report) if png is not None else b""
    for line in report_lines(report):
        typer.echo(line)
    if html is not None:
        write_text(html, render_page(report, " · ".join(["personas", *pools])))
        typer.echo(f"wrote {html}: open it in a browser")
    if png is not None:
        from interalign.files import write_bytes

        write_bytes(png, picture)
        typer.echo(f"wrote {png}")
    if not report.clean:
        raise typer.Exit(1)


@personas.command()
def build(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="See examples/build_personas.toml.")],
    set_: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="The folder; runs/NAME for NAME.toml unless given.")] = None,
) -> None:
    """Let a model write new profiles or personalities, and keep those that differ, up to a target or until it has nothing new.

    The same command again goes on with an unfinished build.

    Example: interalign personas build examples/build_personas.toml --set build.target=30
    """
    import sys

    from interalign.config import load_config
    from interalign.sim import run
    from interalign.sim.personas import BuildConfig, build_pool
    from interalign.sim.personas.progress import build_progress

    loaded = load_config(config, BuildConfig, set_ or ())
    folder = out or Path(loaded.build.out or Path("runs") / config.stem).expanduser()
    progress = build_progress(sys.stdout.isatty())
    try:
        summary = run(lambda: build_pool(loaded, folder, progress=progress))
    except KeyboardInterrupt:
        progress.close()
        typer.echo(
            f"\nstopped: whole rounds are kept in {folder}; go on with: interalign personas build {config}", err=True
        )
        raise typer.Exit(130) from None
    typer.echo(_described(summary))


@personas.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="JSONL, CSV, one-liners or TinyTroupe agents.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.jsonl", help="Where the people go.")],
    format: Annotated[
        FileFormat | None, typer.Option("--from", help="What the files hold; their names say it unless given.")
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="OURS=COLUMN", help="Which column holds id, facts, traits or an attribute; repeatable."
        ),
    ] = None,
    split_with: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG.toml", help="Let a model split texts into facts; by sentence unless given."),
    ] = None,
) -> None:
    """Turn files of others into personas, or into profiles or personalities where only one half is there.

    Example: interalign personas import examples/people.csv --map id=name --map facts=about --map age=age -o people.jsonl
    """
    from interalign.config import load_config
    from interalign.sim import run
    from interalign.sim.personas import SplitConfig, export_people, import_with
    from interalign.sim.personas.text import printable

    settings = load_config(split_with, SplitConfig) if split_with else None
    mapping = _mapping(map_ or [])
    imported: Imported = run(lambda: import_with(settings, files, mapping, format.value if format else None))
    for note in imported.notes[:_NOTES]:
        typer.echo(printable(note), err=True)
    if len(imported.notes) > _NOTES:
        typer.echo(f"... and {len(imported.notes) - _NOTES} more notes like these", err=True)
    kind = type(imported.people[0]).__name__.lower()
    typer.echo(f"wrote {export_people(imported.people, output, 'jsonl')}, each a {kind}")


@personas.command()
def export(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A file; for TinyTroupe a folder.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="JSONL; the shipped training pool unless given.")
    ] = None,
    format: Annotated[FileFormat, typer.Option("--to", help="What is written.")] = FileFormat.jsonl,
) -> None:
    """Write profiles, personalities or personas for other programs.

    Example: interalign personas export --to csv -o personas.csv
    """
    from interalign.agents import shipped_personas
    from interalign.sim.personas import export_people, read_people

    people = read_people(file) if file else shipped_personas()
    typer.echo(f"wrote {export_people(people, output, format.value)}")


@personas.command()
def sample(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.jsonl", help="Where the personas go.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Personas, or profiles; the shipped pool unless given.")
    ] = None,
    personalities: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="Personalities that the profiles are paired with.")
    ] = None,
    pool: Annotated[PoolName, typer.Option(help="Which shipped pool.")] = PoolName.train,
    count: Annotated[int | None, typer.Option(min=1, help="How many; all, or all pairs, unless given.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="An attribute whose values are to be equally frequent; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Draw personas: at random, evenly by attribute, or as pairs of profiles and personalities.

    Example: interalign personas sample --count 40 --by region -o personas.jsonl
    """
    from interalign.agents import shipped_personas
    from interalign.sim.personas import export_people, sample_pairs, sample_personas

    if personalities is not None:
        drawn = sample_pairs(*_halves(file, personalities, pool), count, by or (), seed)
    else:
        whole = shipped_personas(pool=pool.value) if file is None else _whole(file)
        drawn = sample_personas(whole, count, by or (), seed)
    typer.echo(f"wrote {export_people(drawn, output, 'jsonl')}")


_NOTES = 10


def _halves(
    profiles: Path | None, personalities: Path, pool: PoolName
) -> "tuple[Sequence[Profile], Sequence[Personality]]":
    """The profiles of a file, or the shipped ones, and the personalities of another."""
    from interalign.agents import Personality, Profile, read_jsonl
    from interalign.agents.pool import shipped_halves

    shipped = shipped_halves(pool.value)[0] if profiles is None else read_jsonl(profiles, Profile)
    return shipped, read_jsonl(personalities, Personality)


def _whole(file: Path) -> "list[Persona]":
    """The personas of a file that holds no halves."""
    from interalign.agents import Persona
    from interalign.errors import ConfigError
    from interalign.sim.personas import read_people

    people = read_people(file)
    found = [person for person in people if isinstance(person, Persona)]
    if len(found) < len(people):
        kind = type(people[0]).__name__.lower()
        raise ConfigError(f"{file} holds a {kind} a line, not whole personas; give profiles and --with personalities")
    return found


def _mapping(pairs: Sequence[str]) -> dict[str, list[str]]:
    """`facts=bio` as a mapping; a name of ours may get several columns."""
    from interalign.errors import ConfigError

    mapping: dict[str, list[str]] = {}
    for pair in pairs:
        ours, equals, column = pair.partition("=")
        if not (ours and equals and column):
            raise ConfigError(f"--map {pair!r} is not of the form OURS=COLUMN, for example facts=description")
        mapping.setdefault(ours, []).append(column)
    return mapping


def _described(summary: "BuildSummary") -> str:
    """What a build came to, in a few lines."""
    reasons = ", ".join(
        f"{count} {reason}" for reason, count in sorted(summary.rejected.items(), key=lambda item: -item[1])
    )
    lines = [f"stopped: {summary.stopped}"]
    lines.append(f"{summary.pool} in {summary.folder / 'pool.jsonl'}, {summary.accepted} of them new")
    if reasons:
        lines.append(f"refused: {reasons} (see {summary.folder / 'rejected.jsonl'})")
    if summary.calls:
        cost = f", cost {summary.money:.4g} in all" if summary.money else ""
        lines.append(f"{summary.calls} calls, {summary.tokens} tokens, {summary.seconds:.0f} s{cost}")
    else:
        lines.append("no call was made")
    lines.append(f"look at it:  interalign personas check {summary.folder / 'pool.jsonl'} --html pool.html")
    return "\n".join(lines)
