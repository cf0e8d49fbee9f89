"""merging: base model and adapter as one Hugging Face folder, for servers that take no adapters."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from interalign.errors import ConfigError, RunFolderError
from interalign.sim.adapters.lora import Lora, read_adapter
from interalign.sim.hf_models import load_hf

__all__ = ["merge_into", "write_merged"]


def write_merged(adapter: Path, target: Path, base: str | None = None) -> None:
    """Write the merged model with its tokenizer; the folder appears under its name when it is whole.

    `base` is a name as `load_hf` takes it; what the adapter says it was trained on unless given.

    Raises:
        MissingError, ConfigError: adapter or base is not there, or they do not fit each other.
        RunFolderError: the folder is there already, or cannot be written.
    """
    if target.exists():
        raise RunFolderError(f"{target} is there already; choose another --out, or delete it")
    lora = read_adapter(adapter)
    if not (base or lora.base):
        raise ConfigError(f"{adapter} does not say what it was trained on; name it with --base")
    model, tokenizer = load_hf(base or lora.base)
    merge_into(model, lora)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".merging-") as folder:
            model.save_pretrained(Path(folder) / "model")
            tokenizer.save_pretrained(Path(folder) / "model")
            os.replace(Path(folder) / "model", target)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise RunFolderError(f"{target} cannot be written ({error.strerror or error}); free space there") from None


def merge_into(model: Any, lora: Lora) -> None:
    """Add B A to the weights of a loaded model, in place. Raises ConfigError where the adapter does not fit it."""
    import torch

    parameters = dict(model.named_parameters())
    for name, factors in lora.modules.items():
        weight = parameters.get(f"{name}.weight")
        if weight is None or tuple(weight.shape) != (factors.b.shape[0], factors.a.shape[1]):
            raise ConfigError(f"the adapter's {name!r} does not fit the base model: it is for another model")
        with torch.no_grad():
            weight += (torch.from_numpy(factors.b) @ torch.from_numpy(factors.a)).to(weight.dtype)
