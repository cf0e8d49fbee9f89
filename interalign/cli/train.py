"""train: train a model on preference pairs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interalign.cli.simulate import Overrides

if TYPE_CHECKING:
    from interalign.training import Trained
    from interalign.training.config import TrainSettings

train = typer.Typer(
    name="train", help="Train a model on the pairs of `interalign pairs`: SFT first, then DPO.", rich_markup_mode=None
)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The training; see docs/training.md.")]
Out = Annotated[Path | None, typer.Option(help="The result's folder; runs/NAME for NAME.toml unless given.")]


@train.command()
def sft(config: ConfigFile, set_: Overrides = None, out: Out = None) -> None:
    """Train on the preferred replies. The same command again goes on from the last checkpoint.

    Example: interalign train sft examples/sft.toml
    """
    from interalign.config import load_config
    from interalign.training.config import SFTSettings

    _train(load_config(config, SFTSettings, set_ or ()), config, out)


@train.command()
def dpo(config: ConfigFile, set_: Overrides = None, out: Out = None) -> None:
    """Train on preferred against rejected replies, from the result of SFT. The same command again goes on.

    Example: interalign train dpo examples/dpo.toml
    """
    from interalign.config import load_config
    from interalign.training.config import DPOSettings

    _train(load_config(config, DPOSettings, set_ or ()), config, out)


def _train(config: "TrainSettings", path: Path, out: Path | None) -> None:
    """Train with progress; of several processes the first alone speaks."""
    import shlex
    import sys

    from interalign.errors import InteralignError
    from interalign.training import train as run_training
    from interalign.training.folder import is_first_process
    from interalign.training.progress import train_progress_for

    folder = out or Path(config.train.out or Path("runs") / path.stem).expanduser()
    progress = train_progress_for(sys.stdout.isatty()) if is_first_process() else None
    try:
        trained = run_training(config, folder, progress=progress)
    except KeyboardInterrupt:
        if is_first_process():
            again = f"interalign {shlex.join(sys.argv[1:])}"
            typer.echo(f"\nstopped; go on from the last checkpoint in {folder} with: {again}", err=True)
        raise typer.Exit(130) from None
    except InteralignError:
        if is_first_process():
            raise
        raise typer.Exit(2) from None
    if is_first_process():
        typer.echo(_described(trained))


def _described(trained: "Trained") -> str:
    """What a training came to, in a few lines."""
    manifest = trained.manifest
    lines = [f"{manifest['steps']} steps on {manifest['rows']} rows in {trained.folder}"]
    if not trained.steps:
        lines.append("nothing was left to do")
    if manifest["loss"]:
        lines.append(f"loss {manifest['loss']['first']:.4g} -> {manifest['loss']['last']:.4g}")
    if manifest["evaluation"]:
        before, after = manifest["evaluation"]["before"], manifest["evaluation"]["after"]
        shown = [f"loss {before['loss']:.4g} -> {after['loss']:.4g}"]
        if "rewards/accuracies" in after:
            shown.append(f"accuracy {after['rewards/accuracies']:.0%}, margin {after['rewards/margins']:.3g}")
        lines.append(f"held-out people: {', '.join(shown)}")
    return "\n".join(lines)
