"""tree: look at conversation trees."""

from pathlib import Path
from typing import Annotated

import typer


def tree(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a JSONL file of trees.")],
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="A conversation; without it all are listed.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one self-contained page instead.")] = None,
) -> None:
    """Show conversations with their candidate replies side by side.

    Example: interalign tree runs/demo c00000
    """
    from rich.console import Console

    from interalign.errors import MissingError, RunFolderError
    from interalign.graphs.drawing import draw_tree, list_trees, render_html
    from interalign.sim import read_trees

    trees = [tree for tree in read_trees(run) if id is None or tree.id == id]
    if not trees:
        known = ", ".join(tree.id for tree, _ in zip(read_trees(run), range(5), strict=False))
        raise MissingError(
            f"no conversation {id!r} in {run}; there are {known} ..." if known else f"{run} has no trees yet"
        )
    if html is not None:
        try:
            html.write_text(render_html(trees, f"interalign · {run.name}"), encoding="utf-8")
        except OSError as error:
            raise RunFolderError(f"{html} cannot be written ({error.strerror}); choose another file") from None
        typer.echo(f"wrote {html}: open it in a browser")
        return
    Console().print(list_trees(trees) if id is None else draw_tree(trees[0]))
