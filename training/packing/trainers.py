"""trainers: SFT and DPO on trees. Their losses are those of TRL's trainers on the same rows, one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback

from interalign.training.packing.arguments import TreeArguments
from interalign.training.packing.attention import use_tree_attention
from interalign.training.packing.base import Rows, TreeTrainer
from interalign.training.packing.losses import dpo_losses
from interalign.training.packing.reference import Reference

__all__ = ["TreeDPOTrainer", "TreeSFTTrainer"]


class TreeSFTTrainer(TreeTrainer):
    """The mean negative log-likelihood of the completions' tokens, each given its history."""

    counted = "reply"

    def _replies(self, inputs: Mapping[str, Tensor]) -> int:
        return len(inputs["numbers"])

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Tensor | int | None = None
    ) -> Any:
        losses = -self.reply_log_probs(model, inputs)
        self._count(inputs, loss=losses)
        return self._mean(losses, inputs, num_items_in_batch)


class TreeDPOTrainer(TreeTrainer):
    """Direct preference optimisation of chosen over rejected replies.

    The reference is the model `reference`, or else what `model` is at the start: without its adapter if that is new, and with a
    frozen copy of it if not. It reads the same layout, and each row once, however many epochs there are.
    """

    counted = "numbers"

    def __init__(
        self,
        model: Any,
        args: TreeArguments,
        train_rows: Rows,
        eval_rows: Rows,
        tokenizer: Any,
        callbacks: Sequence[TrainerCallback] = (),
        reference: Any = None,
    ) -> None:
        super().__init__(model, args, train_rows, eval_rows, tokenizer, callbacks)
        if args.disable_dropout:
            for module in model.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = 0.0
        if reference is not None:
            reference = self._prepare_reference(reference)
        self._known_2n = torch.full((2, len(train_rows) + len(eval_rows)), torch.nan)
        """What the reference has said of chosen (0) and rejected (1) replies, by row."""
        self._reference = None if args.precompute_reference else Reference(self.model, reference)
        if args.precompute_reference:
            self._precompute(self.model if reference is None else reference)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Tensor | int | None = None
    ) -> Any:
        reference_r = self._reference_log_probs(inputs)
        policy_r = self.reply_log_probs(model, inputs)
        losses, chosen, rejected = dpo_losses(policy_r, reference_r, self.args.beta)
        log_probs = dict(zip(("logps/chosen", "logps/rejected"), policy_r.chunk(2), strict=True))
        rewards = {
            "chosen": chosen,
            "rejected": rejected,
            "accuracies": chosen > rejected,
            "margins": chosen - rejected,
        }
        self._count(inputs, loss=losses, **{f"rewards/{name}": value for name, value in rewards.items()}, **log_probs)
        return self._mean(losses, inputs, num_items_in_batch)

    def _replies(self, inputs: Mapping[str, Tensor]) -> int:
        return 2 * len(inputs["numbers"])

    def _prepare_reference(self, reference: Any) -> Any:
        if self.args.device.type == "cpu":
            use_tree_attention(reference)
        return self.accelerator.prepare_model(reference, evaluation_mode=True)

    def _reference_log_probs(self, inputs: Mapping[str, Tensor]) -> Tensor:
        known_2n = self._known_2n[:, inputs["numbers"].cpu()]
        if self._reference is not None and known_2n.isnan().any():
            with self._reference.active(self.model) as asked:
                known_2n = self._ask(asked, inputs)
        return known_2n.flatten().to(self.args.device)

    @torch.no_grad()
    def _ask(self, model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """2 x n: what the model says of a batch's replies; it is remembered."""
        said_2n = self.reply_log_probs(model, inputs).view(2, -1).cpu()
        self._known_2n[:, inputs["numbers"].cpu()] = said_2n
        return said_2n

    def _precompute(self, model: Any) -> None:
        """Ask about all rows, each process about its share."""
        was_training = model.training
        model.eval()
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        for data in filter(None, (self.train_dataset, self.eval_dataset)):
            for place in range(process, len(data), processes):
                with self.compute_loss_context_manager():
                    self._ask(model, self._prepare_inputs(self.data_collator([data[place]])))
        model.train(was_training)
        said = self.accelerator.reduce(self._known_2n.nan_to_num(0.0).to(self.args.device))
        self._known_2n = said.cpu()
