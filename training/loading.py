"""loading: the model that is trained, with its adapter, and the frozen one that DPO compares it with. Imports torch."""

from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModel

from interalign.errors import ConfigError
from interalign.sim.adapters import merge_into, read_adapter
from interalign.sim.hf_models import load_hf
from interalign.training.config import TrainSettings
from interalign.training.start import Start

__all__ = ["load_policy", "lora_config", "precision"]


def precision(config: TrainSettings) -> str:
    """What is computed in: float32 or bfloat16."""
    import torch

    if config.train.precision != "auto":
        return config.train.precision
    return "bfloat16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "float32"


def load_policy(config: TrainSettings, start: Start) -> Any:
    """The model at the start of training; with its adapter where one goes on.

    Weights that are all trained are kept in float32 whatever is computed in: steps are too small for bfloat16.

    Raises:
        MissingError: it cannot be loaded.
        ConfigError: the adapter does not fit it.
    """
    name = str(start.folder) if start.kind == "model" else config.train.model
    model, _ = load_hf(name, dtype="float32" if config.train.full else precision(config))
    if start.kind != "adapter" or start.folder is None:
        return model
    if config.train.full:
        merge_into(model, read_adapter(start.folder))
        return model
    return _with_adapter(model, start.folder, config)


def _with_adapter(model: Any, folder: Path, config: TrainSettings) -> Any:
    try:
        policy = PeftModel.from_pretrained(model, str(folder), is_trainable=True)
    except (RuntimeError, ValueError, KeyError, OSError) as error:
        raise ConfigError(
            f"the adapter of train.start = {config.train.start!r} does not fit train.model = {config.train.model!r}: "
            f"{' '.join(str(error).split())[:200]}"
        ) from None
    # By the name that the adapter gives its base, PEFT would ask the hub for the base's vocabulary at every checkpoint.
    policy.peft_config["default"].base_model_name_or_path = model.config._name_or_path
    return policy


def lora_config(config: TrainSettings, model: Any) -> LoraConfig:
    """A new adapter's values, checked against the model that it is for. Raises ConfigError where a target is not in it."""
    targets = config.lora.targets
    if not isinstance(targets, str):
        names = [name for name, _ in model.named_modules()]
        absent = [target for target in targets if not any(f".{name}".endswith(f".{target}") for name in names)]
        if absent:
            ends = sorted({name.rpartition(".")[2] for name, module in model.named_modules() if _is_linear(module)})
            raise ConfigError(
                f"[lora] targets: {config.train.model!r} has no layer {absent[0]!r}; it has {', '.join(ends)}"
            )
    return LoraConfig(
        r=config.lora.r,
        lora_alpha=config.lora.alpha,  # type: ignore[arg-type]
        lora_dropout=config.lora.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
    )


def _is_linear(module: Any) -> bool:
    import torch

    return isinstance(module, torch.nn.Linear)
