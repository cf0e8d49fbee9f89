"""graph: draw the dialogue machine that a config runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interalign.cli.simulate import Overrides

if TYPE_CHECKING:
    from interalign.sim import RunConfig


def graph(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="A run, as for simulate.")],
    set_: Overrides = None,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print Mermaid text; this is what it does anyway.")
    ] = False,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it.")] = None,
) -> None:
    """Draw the state machine that plays a config's conversations, nodes of your own included.

    Without --svg or --png it is printed as Mermaid text, which Markdown viewers draw.

    Example: interalign graph examples/first_run.toml
    """
    from interalign.config import load_config
    from interalign.files import write_bytes
    from interalign.graphs.drawing import machine_image, machine_mermaid
    from interalign.sim import RunConfig
    from interalign.sim.casting import make_dialogue

    loaded = load_config(config, RunConfig, set_ or ())
    dialogue = make_dialogue(loaded)
    who = players(loaded)
    if svg is not None:
        write_bytes(svg, machine_image(dialogue, "svg", who))
        typer.echo(f"wrote {svg}")
    if png is not None:
        write_bytes(png, machine_image(dialogue, "png", who))
        typer.echo(f"wrote {png}")
    if mermaid or not (svg or png):
        typer.echo(machine_mermaid(dialogue, who), nl=False)


def players(config: "RunConfig") -> dict[str, str]:
    """Who plays at each node of the machine: models, and the names of the responders."""
    from interalign.sim.config import responder_name

    cast = config.cast
    named: dict[str, list[str]] = {"plain": [], "hinted": []}
    for place, responder in enumerate(cast.responders):
        model = config.model_of(responder, f"cast.responders.{place}")
        node = "hinted" if responder.strategy == "hinted" else "plain"
        named[node].append(f"{responder_name(responder)}: {model}")
    return {
        "user": config.model_of(cast.user, "cast.user"),
        "induce": config.model_of(cast.inducer, "cast.inducer"),
        "judge": getattr(cast.judge, "judge", "judge"),
        **{node: "\n".join(lines) for node, lines in named.items()},
    }
