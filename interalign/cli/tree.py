"""tree: look at conversation trees, and carry them to and from other programs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from interalign.graphs import ConversationTree


class TreeFormat(StrEnum):
    """How trees stand in a file."""

    nodelink = "nodelink"
    oasst = "oasst"
    graphml = "graphml"


def tree(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a file of trees.")],
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="A conversation; without it all are listed.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a self-contained page to browse in.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the map of one conversation.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="The same as PNG (extra: plot).")] = None,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the trees for other programs.")] = None,
    format: Annotated[TreeFormat, typer.Option(help="What --export writes.")] = TreeFormat.nodelink,
    source: Annotated[
        TreeFormat, typer.Option("--from", help="What RUN is, if it is a file of another program.")
    ] = TreeFormat.nodelink,
) -> None:
    """Show conversations with their candidate replies side by side, or draw, write and convert them.

    On a terminal, what is longer than the screen goes through $PAGER.

    With --from, the file of another program is read: `--from oasst --export trees.jsonl` imports it.

    Example: interalign tree runs/demo c00000
    """
    failures = failures_of(run) if id is None else []
    trees = _trees(run, id, source, empty=html is not None and bool(failures))
    if html is not None:
        from interalign.files import write_bytes
        from interalign.graphs.drawing import render_html

        write_bytes(html, render_html(trees, f"interalign · {run.name}", failures).encode())
        typer.echo(f"wrote {html}: open it in a browser")
    if svg is not None or png is not None:
        _draw(_one(trees, run), svg, png)
    if export is not None:
        from interalign.graphs import export_trees

        count = export_trees(trees, export, format.value)
        typer.echo(f"wrote {count} trees to {export} ({format.value})")
    if not any((html, svg, png, export)):
        _show(trees, id)


def failures_of(run: Path) -> list[dict[str, Any]]:
    """The conversations of a run that failed: id, persona, error, reason. A line that a running process has not finished,
    or that is no record, is passed over.
    """
    import json

    path = run / "failures.jsonl"
    records: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        records += [record] if isinstance(record, dict) else []
    return records


def _trees(run: Path, id: str | None, source: TreeFormat, empty: bool) -> "list[ConversationTree]":
    """The trees asked for; none at all is an error unless `empty`."""
    from itertools import islice

    from interalign.errors import MissingError
    from interalign.graphs import import_trees
    from interalign.sim import read_trees

    def read() -> Any:
        return read_trees(run) if source is TreeFormat.nodelink else import_trees(run, source.value)

    trees = [tree for tree in read() if id is None or tree.id == id]
    if not trees and not empty:
        known = ", ".join(tree.id for tree in islice(read(), 5))
        raise MissingError(
            f"no conversation {id!r} in {run}; there are {known} ..." if known else f"{run} has no trees yet"
        )
    return trees


def _one(trees: "list[ConversationTree]", run: Path) -> "ConversationTree":
    from interalign.errors import ConfigError

    if len(trees) != 1:
        first = trees[0].id if trees else "ID"
        raise ConfigError(
            f"a map shows one conversation and {run} has {len(trees)}; name one: interalign tree {run} {first} --svg FILE"
        )
    return trees[0]


def _draw(tree: "ConversationTree", svg: Path | None, png: Path | None) -> None:
    from interalign.files import write_bytes
    from interalign.graphs.drawing import render_png, render_svg

    if svg is not None:
        write_bytes(svg, render_svg(tree).encode())
        typer.echo(f"wrote {svg}")
    if png is not None:
        write_bytes(png, render_png(tree))
        typer.echo(f"wrote {png}")


def _show(trees: "list[ConversationTree]", id: str | None) -> None:
    from rich.console import Console

    from interalign.graphs.drawing import draw_tree, list_trees

    console = Console()
    with console.capture() as drawn:
        console.print(list_trees(trees) if id is None else draw_tree(trees[0]))
    text = drawn.get()
    if console.is_terminal and text.count("\n") >= console.size.height:
        import click

        click.echo_via_pager(text)
    else:
        typer.echo(text, nl=False)
