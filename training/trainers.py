"""trainers: the trainer that a config stands for: TRL's on pairs, or ours on trees; guarded either way. Imports torch and trl."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from datasets import Dataset
from peft import get_peft_model
from transformers import PrinterCallback, ProgressCallback, TrainerCallback, set_seed
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from interalign.training.config import DPOSettings, Packing, TrainSettings
from interalign.training.guard import Guard
from interalign.training.loading import lora_config, precision
from interalign.training.packing import TreeArguments, TreeDPOTrainer, TreeSFTTrainer
from interalign.training.rows import Row

__all__ = ["make_trainer"]


class PairsSFTTrainer(Guard, SFTTrainer):
    """TRL's SFTTrainer on prompt and completion."""


class PairsDPOTrainer(Guard, DPOTrainer):
    """TRL's DPOTrainer on prompt, chosen and rejected."""


class PackedSFTTrainer(Guard, TreeSFTTrainer):
    """SFT on trees."""


class PackedDPOTrainer(Guard, TreeDPOTrainer):
    """DPO on trees."""


def make_trainer(
    config: TrainSettings,
    out: Path,
    model: Any,
    tokenizer: Any,
    train: Sequence[Row],
    held: Sequence[Row],
    callbacks: Sequence[TrainerCallback],
    packing: Packing = "pairs",
) -> Any:
    """The trainer that the config describes; `out` is where its checkpoints go.

    Rows must fit the model's length already: TRL's own cut, which is switched off, would take the end, which is the reply.
    """
    make = {"pairs": _on_pairs, "tree": _on_trees}[packing]
    trainer = make(config, _arguments(config, out, bool(held)), model, tokenizer, train, held)
    for bar in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(bar)
    for callback in callbacks:
        trainer.add_callback(callback)
    return trainer


def _on_pairs(
    config: TrainSettings,
    arguments: dict[str, Any],
    model: Any,
    tokenizer: Any,
    train: Sequence[Row],
    held: Sequence[Row],
) -> Any:
    common = {
        "model": model,
        "processing_class": tokenizer,
        "train_dataset": _dataset(train),
        "eval_dataset": _dataset(held) if held else None,
        "peft_config": lora_config(config, model) if _wants_adapter(config, model) else None,
    }
    if isinstance(config, DPOSettings):
        args = DPOConfig(**arguments, beta=config.dpo.beta, disable_dropout=_without_dropout(config), max_length=None)
        reference = deepcopy(model).requires_grad_(False) if config.train.full else None
        return PairsDPOTrainer(args=args, ref_model=reference, **common)
    return PairsSFTTrainer(args=SFTConfig(**arguments, max_length=None, completion_only_loss=True), **common)


def _on_trees(
    config: TrainSettings,
    arguments: dict[str, Any],
    model: Any,
    tokenizer: Any,
    train: Sequence[Row],
    held: Sequence[Row],
) -> Any:
    rows = config.train.batch * config.train.accumulation
    packs = {"per_device_train_batch_size": 1, "per_device_eval_batch_size": 1, "gradient_accumulation_steps": 1}
    args = TreeArguments(**{**arguments, **packs}, token_budget=config.train.token_budget, rows_per_step=rows)
    set_seed(config.train.seed)  # a new adapter's weights are random
    if _wants_adapter(config, model):
        model = get_peft_model(model, lora_config(config, model))
    if isinstance(config, DPOSettings):
        args.beta, args.disable_dropout = config.dpo.beta, _without_dropout(config)
        return PackedDPOTrainer(model, args, train, held, tokenizer)
    return PackedSFTTrainer(model, args, train, held, tokenizer)


def _wants_adapter(config: TrainSettings, model: Any) -> bool:
    return not config.train.full and not hasattr(model, "peft_config")


def _without_dropout(config: TrainSettings) -> bool:
    """DPO compares without noise, unless an adapter's dropout is asked for."""
    return config.train.full or config.lora.dropout == 0


def _arguments(config: TrainSettings, out: Path, evaluate: bool) -> dict[str, Any]:
    train = config.train
    import torch

    every = (
        {"eval_strategy": "steps", "eval_steps": train.eval_steps} if train.eval_steps else {"eval_strategy": "epoch"}
    )
    checkpointing = torch.cuda.is_available() if train.gradient_checkpointing is None else train.gradient_checkpointing
    return {
        "output_dir": str(out),
        "seed": train.seed,
        "num_train_epochs": train.epochs,
        "max_steps": train.max_steps or -1,
        "learning_rate": config.rate,
        "warmup_steps": train.warmup,  # a number below 1 is a share of the steps
        "lr_scheduler_type": {"constant": "constant_with_warmup"}.get(train.schedule, train.schedule),
        "per_device_train_batch_size": train.batch,
        "per_device_eval_batch_size": train.batch,
        "gradient_accumulation_steps": train.accumulation,
        "activation_checkpointing": checkpointing,
        "bf16": precision(config) == "bfloat16",
        "save_strategy": "steps",
        "save_steps": train.save_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide what the guard stops for
        "report_to": list(train.log) or "none",
        "run_name": out.parent.name,
        "disable_tqdm": True,
        "dataloader_pin_memory": torch.cuda.is_available(),
        **(every if evaluate else {}),
    }


def _dataset(rows: Sequence[Row]) -> Dataset:
    """The columns that are trained on, and no other."""
    names = [name for name in ("prompt", "chosen", "rejected", "completion") if name in rows[0]]
    return Dataset.from_list([{name: row[name] for name in names} for row in rows])
