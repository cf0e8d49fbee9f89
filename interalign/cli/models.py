"""models: the small models that run inside the process."""

from typing import Annotated

import typer

models = typer.Typer(
    name="models", help="List and fetch the models that run inside the process.", rich_markup_mode=None
)


@models.command("list")
def list_models() -> None:
    """Show the known models, and which of them are on this machine.

    Example: interalign models list
    """
    from interalign.sim.models import MODELS, cache_folder, is_whole

    for source in MODELS.values():
        place = cache_folder() / "models" / source.file
        state = "here" if is_whole(source) else "damaged, pull it again" if place.exists() else "not fetched"
        typer.echo(f"{source.name:14} {source.size / 1e6:5.0f} MB  {source.licence}  {state}")


@models.command()
def pull(name: Annotated[str, typer.Argument(metavar="NAME", help="As `interalign models list` shows it.")]) -> None:
    """Fetch a model into the cache folder; a damaged file is found by its hash and fetched again.

    Example: interalign models pull smollm2-135m
    """
    from interalign.sim import models as store

    path = store.pull(name, lambda line: typer.echo(line, err=True))
    typer.echo(f"{name} is at {path}")
