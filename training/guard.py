"""guard: what every trainer here does on top of its library's: stops before a loss that is no number does harm, and never lets a
checkpoint of such weights, or half a checkpoint, stand. Nothing is reported to anybody. Imports torch.
"""

import shutil
from pathlib import Path
from typing import Any

import torch

from interalign.errors import DivergedError, InteralignError, RunFolderError

__all__ = ["Guard"]


class Guard:
    """Stands before a `transformers.Trainer` in the bases of a class."""

    state: Any
    model: Any
    args: Any

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """One forward and backward pass. Raises DivergedError where its loss is not finite."""
        loss = super().training_step(*args, **kwargs)  # type: ignore[misc]
        if not torch.isfinite(loss).all():
            raise DivergedError(self._diverged(f"the loss is {loss.item()}"))
        return loss

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad and not torch.isfinite(parameter).all():
                raise DivergedError(self._diverged(f"{name} holds numbers that are not finite"))
        folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        try:
            super()._save_checkpoint(*args, **kwargs)  # type: ignore[misc]
        except Exception as error:
            # A full disk reaches us as an OSError, or as a RuntimeError or an error of its own from what writes the tensors.
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, InteralignError):
                raise
            raise RunFolderError(
                f"{folder} cannot be written ({' '.join(str(error).split())[:160]}); free space and run the same command "
                "again: it goes on from the last checkpoint"
            ) from None

    def _diverged(self, what: str) -> str:
        return (
            f"{what} at step {self.state.global_step + 1} of {self.state.max_steps}: the training has diverged; lower "
            "train.lr or raise train.warmup and train into another folder. Checkpoints from before it are kept"
        )

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None: the manifest says what a checkpoint is."""

    def _send_telemetry(self) -> None:
        """Nothing is sent."""
