"""base: a `transformers.Trainer` that reads rows packed into trees: checkpoints, resuming, devices and callbacks are its own.

A step's loss is the sum over its rows divided by their number (DPO) or that of their tokens (SFT), however they are spread over
packs and devices: the losses of TRL's trainers on the same rows one by one.
"""

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
from interalign.training.packing.losses import reply_log_probs
from interalign.training.packing.packs import pack_rows
from interalign.training.packing.scoring import chosen_log_probs, head_is_last, scoring
from interalign.training.packing.suitability import model_refusal

__all__ = ["Rows", "TreeTrainer"]

Rows = Sequence[Mapping[str, Any]]


class TreeTrainer(Trainer):
    """Reads rows packed into trees. Rows are conversational and fit the model's length; their replies are never cut."""

    args: TreeArguments
    model: Any
    accelerator: Any
    train_dataset: Any
    eval_dataset: Any
    data_collator: Any
    loss_is_scaled_for_ga = True
    counted: str
    """Which of a batch's tensors has one entry for each item that the loss is a mean of."""

    def __init__(
        self,
        model: Any,
        args: TreeArguments,
        train_rows: Rows,
        eval_rows: Rows,
        tokenizer: Any,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        """Raises ConfigError where the model cannot read trees (`model_refusal`) or there is nothing to read."""
        if not train_rows:
            raise ConfigError("there are no rows to train on")
        train, held = encode_rows(train_rows, tokenizer), encode_rows(eval_rows, tokenizer)
        packs = _plan(train, args)
        super().__init__(
            model=model,
            args=args,
            data_collator=collate,
            train_dataset=PackedRows(train, packs),
            eval_dataset=PackedRows(held, pack_rows(held, args.token_budget), len(train)) if held else None,
            processing_class=tokenizer,
            callbacks=list(callbacks),
        )
        self._prepare_model(max(len(path) for row in (*train, *held) for path in row.paths))
        self._sums: dict[str, dict[str, Tensor]] = {"train": {}, "eval": {}}

    def _prepare_model(self, longest: int) -> None:
        if self.args.n_gpu > 1:
            raise ConfigError(
                "several GPUs are visible to one process; use `accelerate launch`, or let it see one alone"
            )
        if self.args.device.type == "cpu":
            use_tree_attention(self.model)
        refusal = model_refusal(self.model, longest)
        if refusal:
            raise ConfigError(f'this model cannot be trained on trees: {refusal}; train on pairs (packing = "pairs")')
        self._head_is_last = head_is_last(self.model)
        if hasattr(self.model, "peft_config") and self.args.activation_checkpointing:
            self.model.enable_input_require_grads()  # what is recomputed must have an input that wants gradients

    def reply_log_probs(self, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """R: the log-probability of each reply in a batch."""
        return reply_log_probs(self._log_probs(model, inputs), inputs["reply"], inputs["slot"], self._replies(inputs))

    def _replies(self, inputs: Mapping[str, Tensor]) -> int:
        raise NotImplementedError

    def _log_probs(self, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """M: the log-probability of each scored token."""
        targets = inputs["targets"]
        bare = self.accelerator.unwrap_model(model)
        with scoring(bare.get_output_embeddings(), inputs["predictors"], targets if self._head_is_last else None):
            output = model(
                input_ids=inputs["input_ids"],
                position_ids=inputs["position_ids"],
                use_cache=False,
                **mask_inputs(bare, inputs["end"]),
            ).logits[0]
        return output if self._head_is_last else chosen_log_probs(output, targets)

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: Any) -> tuple[list[Any], Any]:
        """A step's batches, and how many items its loss is a mean of, on all devices together."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        items = torch.tensor(sum(len(batch[self.counted]) for batch in batches), device=device)
        return batches, self.accelerator.reduce(items)

    def _mean(self, losses: Tensor, inputs: Mapping[str, Tensor], items: Any) -> Tensor:
        """This batch's part of the step's loss. Devices' gradients are averaged, hence their number."""
        if items is None:
            return losses.sum() / len(inputs[self.counted])
        return losses.sum() / items * self.accelerator.num_processes

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss: Any = self.compute_loss(model, inputs)
        return loss.detach(), None, None

    def _count(self, inputs: Mapping[str, Tensor], **values: Tensor) -> None:
        """Add a batch's values, one an item, to what the next log gives the means of."""
        sums = self._sums["train" if self.model.training else "eval"]
        values = {"items": torch.ones(len(inputs[self.counted])), **values}
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value.detach().float().sum().to(self.args.device)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds the means since the last log. A loss of an evaluation is that of its items, not of its packs."""
        mode = "train" if self.model.training else "eval"
        sums = self.accelerator.reduce(self._sums[mode])
        self._sums[mode] = {}
        items = sums.pop("items", None)
        prefix = "eval_" if mode == "eval" else ""
        if items is not None:
            means = {f"{prefix}{name}": (value / items).item() for name, value in sums.items()}
            logs.update(means if mode == "eval" else {name: mean for name, mean in means.items() if name != "loss"})
        super().log(logs, start_time)


def _plan(rows: Sequence[Encoded], args: TreeArguments) -> list[list[int]]:
    """The packs; accumulation is set so that a step has about the rows asked for."""
    if args.rows_per_step is None:
        return pack_rows(rows, args.token_budget, seed=args.seed)
    packs = pack_rows(
        rows, args.token_budget, max(1, args.rows_per_step // args.per_device_train_batch_size), args.seed
    )
    rows_of_a_pass = len(rows) / len(packs) * args.per_device_train_batch_size
    args.gradient_accumulation_steps = max(1, round(args.rows_per_step / rows_of_a_pass))
    return packs
