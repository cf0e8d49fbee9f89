"""arguments: what the tree trainers can be told, on top of what every `transformers.Trainer` can."""

from dataclasses import dataclass

from transformers import TrainingArguments

__all__ = ["TreeArguments"]


@dataclass
class TreeArguments(TrainingArguments):
    """A forward pass reads one pack: a few trees, or a part of one. `per_device_train_batch_size` counts packs."""

    per_device_train_batch_size: int = 1
    per_device_eval_batch_size: int = 1
    token_budget: int = 2048
    """The most tokens of a pack. A larger tree is cut into sub-trees, which cost the tokens above the cut once more."""
    rows_per_step: int | None = None
    """About how many rows an optimizer step takes on each device; sets `gradient_accumulation_steps` and the packs' rows."""
    beta: float = 0.1
    """DPO: how strongly the model is held to its reference."""
    disable_dropout: bool = True
    """DPO: compare without noise, as TRL does unless told otherwise."""
    precompute_reference: bool = False
    """DPO: ask the reference about all rows before training starts, so that a copy of a whole model need not stay in memory."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.remove_unused_columns = False  # the data are packs, and the collator makes the columns
        self.prediction_loss_only = True
