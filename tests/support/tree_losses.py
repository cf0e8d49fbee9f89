"""tree_losses: the loss of rows as TRL's trainers compute it, and as the tree trainers do, with gradients to compare."""

from collections.abc import Iterable
from typing import Any

import torch
from datasets import Dataset
from tree_rows import Rows
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

__all__ = ["BETA", "assert_same_gradients", "gradients", "move", "tree_loss", "trl_dpo", "trl_loss", "trl_sft"]

BETA = 0.2


def columns(rows: Rows) -> Dataset:
    return Dataset.from_list([{name: row[name] for name in row if name != "conversation_id"} for row in rows])


def trl_dpo(model: Any, rows: Rows, tokenizer: Any, options: dict[str, Any], reference: Any = None) -> Any:
    args = DPOConfig(**options, beta=BETA, max_length=None)
    return DPOTrainer(model, reference, args, train_dataset=columns(rows), processing_class=tokenizer)


def trl_sft(model: Any, rows: Rows, tokenizer: Any, options: dict[str, Any]) -> Any:
    args = SFTConfig(**options, max_length=None, completion_only_loss=True)
    return SFTTrainer(model, args, train_dataset=columns(rows), processing_class=tokenizer)


def move(parameters: Iterable[torch.Tensor]) -> None:
    """A step of training, as far as a loss can tell."""
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(0.03 * torch.randn_like(parameter))


def trl_loss(trainer: Any) -> Any:
    """The loss of all rows in one batch, made by its own collator."""
    trainer.model.train()
    return trainer.compute_loss(trainer.model, trainer.data_collator([dict(row) for row in trainer.train_dataset]))


def tree_loss(trainer: Any) -> Any:
    """The loss of all packs, one after the other, as in a step that accumulates them."""
    trainer.model.train()
    batches = [trainer.data_collator([pack]) for pack in trainer.train_dataset]
    items = sum(len(batch[trainer.counted]) for batch in batches)
    return sum(trainer.compute_loss(trainer.model, batch, num_items_in_batch=items) for batch in batches)


def gradients(model: Any, loss: Any) -> dict[str, torch.Tensor]:
    loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def assert_same_gradients(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=0, atol=1e-4 * theirs[name].abs().max().item())
