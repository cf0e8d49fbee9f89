"""models: the small models that run inside the process, and what was trained from them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

models = typer.Typer(
    name="models",
    help="List and fetch the models that run inside the process; export trained adapters.",
    rich_markup_mode=None,
)


class Form(StrEnum):
    """What an adapter is exported to."""

    gguf = "gguf"
    merged = "merged"


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


@models.command()
def export(
    adapter: Annotated[
        Path, typer.Argument(metavar="ADAPTER", help="The folder of a LoRA adapter, as training writes it.")
    ],
    to: Annotated[Form, typer.Option(help="gguf: an adapter for llama.cpp. merged: a whole Hugging Face model.")],
    out: Annotated[
        Path | None, typer.Option(help="The file or folder to write; beside the adapter unless given.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="The model it was trained on; what the adapter says unless given.")
    ] = None,
) -> None:
    """Write a trained adapter in the form that other software reads.

    The embedded and the vLLM engine need no export: they take the folder, as in model = "smollm2-135m+runs/x/dpo".

    Example: interalign models export runs/dpo --to gguf --out tuned.gguf
    """
    from interalign.sim.adapters import base_file, export_gguf, find_adapter, gguf_base, read_adapter, write_merged

    folder = find_adapter(adapter)
    if to is Form.merged:
        target = out or adapter.with_name(f"{adapter.name}-merged")
        write_merged(folder, target, base)
    else:
        lora = read_adapter(folder)
        target = out or adapter.with_name(f"{adapter.name}.gguf")
        export_gguf(lora, gguf_base(base_file(base or lora.base)), target)
    typer.echo(f"wrote {target}")
