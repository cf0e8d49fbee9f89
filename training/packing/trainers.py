"""trainers: SFT and DPO on trees, with all that `transformers.Trainer` brings: checkpoints, resuming, devices, callbacks.

A step's loss is the sum over its rows divided by their number (DPO) or that of their tokens (SFT), however they are spread over
packs and devices: the losses of TRL's trainers on the same rows one by one.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import Trainer, TrainerCallback

from interalign.errors import ConfigError
from interalign.training.packing.arguments import TreeArguments
from interalign.training.packing.attention import mask_inputs, use_tree_attention
from interalign.training.packing.batches import PackedRows, collate
from interalign.training.packing.encoding import Encoded, encode_rows
from interalign.training.packing.losses import dpo_losses, reply_log_probs
from interalign.training.packing.packs import pack_rows
from interalign.training.packing.reference import Reference
from interalign.training.packing.scoring import chosen_log_probs, head_is_last, scoring
from interalign.training.packing.suitability import model_refusal

__all__ = ["TreeDPOTrainer", "TreeSFTTrainer"]

Rows = Sequence[Mapping[str, Any]]


class _TreeTrainer(Trainer):
    """Reads rows packed into trees."""

    args: TreeArguments
    loss_is_scaled_for_ga = True
    counted: str
    """Which of a batch's tensors has one entry for each item that the loss is a mean of."""

    def __init__(
        self,
        model: Any,
        args: TreeArguments,
        train_rows: Rows,
        eval_rows: Rows = (),
        tokenizer: Any = None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        train, held = encode_rows(train_rows, tokenizer), encode_rows(eval_rows, tokenizer)
        if not train:
            raise ConfigError("there are no rows to train on")
        use_tree_attention(model)
        refusal = model_refusal(model, max(len(path) for row in (*train, *held) for path in row.paths))
        if refusal:
            raise ConfigError(f"this model cannot be trained on trees: {refusal}; use packing = 'pairs'")
        self._plain_head = head_is_last(model)
        self._sums: dict[str, dict[str, Tensor]] = {"train": defaultdict(_zero), "eval": defaultdict(_zero)}
        packs = pack_rows(train, args.token_budget, args.rows_per_step, args.seed)
        if args.rows_per_step:
            mean = len(train) / len(packs) * args.per_device_train_batch_size
            args.gradient_accumulation_steps = max(1, round(args.rows_per_step / mean))
        super().__init__(
            model=model,
            args=args,
            data_collator=collate,
            train_dataset=PackedRows(train, packs),
            eval_dataset=PackedRows(held, pack_rows(held, args.token_budget), len(train)) if held else None,
            processing_class=tokenizer,
            callbacks=list(callbacks),
        )
        if args.n_gpu > 1:
            raise ConfigError("several GPUs are visible to one process; start it with accelerate launch, or show it one GPU")
        if hasattr(model, "peft_config") and args.activation_checkpointing:
            model.enable_input_require_grads()  # what is recomputed must have inputs that want gradients
