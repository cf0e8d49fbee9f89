"""reference: the frozen model that DPO compares with: the adapter switched off, a copy of the adapter, or a model of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch

__all__ = ["Reference"]

_ADAPTER = "ref"
"""What the frozen copy of an adapter is called: TRL's name for it, so that checkpoints of both look alike."""


class Reference:
    """What `model` is at this moment, kept while it is trained; or `frozen`, if that is given."""

    def __init__(self, model: Any, frozen: Any = None) -> None:
        self.frozen = frozen
        self.adapter: str | None = None
        if frozen is not None:
            frozen.requires_grad_(False)
        elif not hasattr(model, "peft_config"):
            self.frozen = deepcopy(model).requires_grad_(False)
        elif not _does_nothing(model):
            self.adapter = _ADAPTER
            _copy_adapter(model)

    @contextmanager
    def active(self, model: Any) -> Iterator[Any]:
        """The model to ask, in evaluation mode and without gradients."""
        asked = model if self.frozen is None else self.frozen
        was_training = asked.training
        asked.eval()
        try:
            with torch.no_grad(), self._switched(model):
                yield asked
        finally:
            asked.train(was_training)

    @contextmanager
    def _switched(self, model: Any) -> Iterator[None]:
        if self.frozen is not None:
            yield
        elif self.adapter is None:
            with model.disable_adapter():
                yield
        else:
            trained = model.active_adapter
            model.set_adapter(self.adapter)
            try:
                yield
            finally:
                model.set_adapter(trained)


@torch.no_grad()
def _does_nothing(model: Any) -> bool:
    """Whether the model predicts the same without its adapter: a new one starts that way."""
    was_training = model.training
    model.eval()
    try:
        ids = torch.tensor([[3, 5, 7, 4]], device=model.get_input_embeddings().weight.device)
        with_it = model(input_ids=ids, use_cache=False).logits
        with model.disable_adapter():
            return torch.equal(with_it, model(input_ids=ids, use_cache=False).logits)
    finally:
        model.train(was_training)


@torch.no_grad()
def _copy_adapter(model: Any) -> None:
    trained = model.active_adapter
    if _ADAPTER not in model.peft_config:
        model.add_adapter(_ADAPTER, model.peft_config[trained])
    for name, parameter in list(model.named_parameters()):
        if f".{trained}." in name:
            model.get_parameter(name.replace(f".{trained}.", f".{_ADAPTER}.")).copy_(parameter)
    model.set_adapter(trained)
