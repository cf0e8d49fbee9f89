"""lora: a LoRA adapter as plain arrays: read from a PEFT folder, stacked on another, written again.

What is added to a module's output is B A x; the scale that PEFT keeps beside the factors is multiplied into B here, so that two
adapters of different rank and scale can be put together.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from interalign.errors import ConfigError, MissingError, RunFolderError
from interalign.files import write_text
from interalign.sim.adapters.tensors import read_tensors, write_tensors

__all__ = [
    "Factors",
    "Lora",
    "adapter_digest",
    "find_adapter",
    "read_adapter",
    "require_digest",
    "stack",
    "write_adapter",
]

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_UNSUPPORTED = ("use_dora", "modules_to_save", "trainable_token_indices", "fan_in_fan_out", "alora_invocation_tokens")


class Factors(NamedTuple):
    """What is learnt for one linear module."""

    a: NDArray[np.float32]
    """(rank, inputs)"""
    b: NDArray[np.float32]
    """(outputs, rank), the scale multiplied in"""

    @property
    def rank(self) -> int:
        return self.a.shape[0]


@dataclass(frozen=True, slots=True)
class Lora:
    """One adapter."""

    base: str
    """The name or folder of the model that it was trained on."""
    modules: Mapping[str, Factors]
    """By the module's name in the base model, such as "model.layers.0.self_attn.q_proj"."""

    @property
    def rank(self) -> int:
        """The largest of its modules'."""
        return max(factors.rank for factors in self.modules.values())


def find_adapter(path: str | Path) -> Path:
    """The PEFT folder that `path` is, or has as its subfolder `adapter`. Raises MissingError where there is none."""
    folder = Path(path).expanduser()
    for place in (folder, folder / "adapter"):
        if (place / _CONFIG).is_file() and (place / _WEIGHTS).is_file():
            return place
    what = "there is no such folder" if not folder.is_dir() else f"it has no {_CONFIG} with {_WEIGHTS}"
    raise MissingError(f"no adapter at {str(path)!r}: {what}; give the folder of a LoRA adapter, as training writes it")


def adapter_digest(path: str | Path) -> str:
    """A hash of what the adapter does: equal for copies, whatever their folders are called."""
    folder = find_adapter(path)
    config = {key: value for key, value in _config(folder).items() if key in _SCALING}
    seen = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    with (folder / _WEIGHTS).open("rb") as file:
        seen.update(hashlib.file_digest(file, "sha256").digest())
    return seen.hexdigest()


def require_digest(path: str | Path, found: str, wanted: str | None) -> None:
    """Raises ConfigError where a run was started with another adapter than the one that is found."""
    if wanted not in (None, found):
        raise ConfigError(
            f"the adapter in {path} is not the one that the run was started with; put it back, or choose another --out"
        )


_SCALING = ("peft_type", "r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern")


def read_adapter(path: str | Path) -> Lora:
    """Read a LoRA adapter that PEFT has written.

    Raises:
        MissingError: it is not there.
        ConfigError: it is damaged, or does more than add a product of two matrices to linear modules.
    """
    folder = find_adapter(path)
    config = _config(folder)
    _refuse_other_kinds(folder, config)
    tensors = read_tensors(folder / _WEIGHTS)
    modules: dict[str, Factors] = {}
    for name in sorted(tensors):
        module, kind, _ = name.removeprefix(_PREFIX).rpartition(".lora_A.weight")
        if not kind and not name.endswith(".lora_B.weight"):
            raise ConfigError(f"{folder} holds {name!r}, which is no factor of a linear module; merge it instead")
        if kind:
            modules[module] = _factors(folder, config, module, tensors, name)
    if not modules or len(tensors) != 2 * len(modules):
        raise ConfigError(f"{folder} is damaged: not every A has its B")
    return Lora(str(config.get("base_model_name_or_path") or ""), modules)


def _factors(
    folder: Path, config: Mapping[str, Any], module: str, tensors: Mapping[str, NDArray[np.float32]], name: str
) -> Factors:
    a, b = tensors[name], tensors.get(name.replace(".lora_A.", ".lora_B."))
    if b is None or a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1] or not a.size or not b.size:
        raise ConfigError(f"{folder} is damaged: the factors of {module!r} do not fit each other")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ConfigError(f"{folder}: the factors of {module!r} hold numbers that are not finite; train it again")
    rank = a.shape[0]
    alpha = float(_of_pattern(config.get("alpha_pattern"), module, config.get("lora_alpha", rank)))
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return Factors(a, (b * np.float32(scale)).astype(np.float32))


def _of_pattern(pattern: Any, module: str, usual: Any) -> Any:
    """PEFT's rule: a key is a regular expression that the end of the module's name matches."""
    found = (value for key, value in (pattern or {}).items() if re.match(rf"(.*\.)?({key})$", module))
    return next(found, usual)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{folder / _CONFIG} cannot be read ({error})") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{folder / _CONFIG} is no adapter config")
    return config


def _refuse_other_kinds(folder: Path, config: Mapping[str, Any]) -> None:
    if config.get("peft_type") != "LORA":
        raise ConfigError(f"{folder} is a {config.get('peft_type')!r} adapter; only 'LORA' ones are served")
    used = next((key for key in _UNSUPPORTED if config.get(key)), None)
    if used is None and config.get("bias", "none") != "none":
        used = "bias"
    if used:
        raise ConfigError(
            f"{folder} was trained with {used} = {config[used]!r}, which is not served as an adapter; merge it"
        )


def stack(first: Lora, second: Lora) -> Lora:
    """Both at once: for a DPO adapter that was trained on top of a merged SFT adapter, the two as one against the base.

    B1 A1 x + B2 A2 x is [B1, B2] [A1; A2] x, so that the sum is exact, and of rank r1 + r2.

    Raises:
        ConfigError: they are not for the same modules' shapes.
    """
    modules = dict(first.modules)
    for name, more in second.modules.items():
        below = modules.get(name)
        if below is None:
            modules[name] = more
            continue
        if (below.a.shape[1], below.b.shape[0]) != (more.a.shape[1], more.b.shape[0]):
            raise ConfigError(f"the adapters are for different models: the shapes of {name!r} differ")
        modules[name] = Factors(np.concatenate((below.a, more.a)), np.concatenate((below.b, more.b), axis=1))
    return Lora(first.base, dict(sorted(modules.items())))


def write_adapter(lora: Lora, folder: Path) -> None:
    """Write an adapter as PEFT does; it loads with PEFT, vLLM and here. Raises RunFolderError where it cannot be written."""
    ranks = {name: factors.rank for name, factors in lora.modules.items()}
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": lora.base,
        "target_modules": sorted({name.rpartition(".")[2] for name in lora.modules}),
        "r": lora.rank,
        "lora_alpha": lora.rank,
        "rank_pattern": {re.escape(name): rank for name, rank in ranks.items() if rank != lora.rank},
        "alpha_pattern": {re.escape(name): rank for name, rank in ranks.items() if rank != lora.rank},
        "bias": "none",
        "inference_mode": True,
    }
    tensors = {f"{_PREFIX}{name}.lora_A.weight": factors.a for name, factors in lora.modules.items()}
    tensors |= {f"{_PREFIX}{name}.lora_B.weight": factors.b for name, factors in lora.modules.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be made ({error.strerror}); choose another") from None
    write_tensors(folder / _WEIGHTS, tensors)
    write_text(folder / _CONFIG, json.dumps(config, indent=2) + "\n")  # last: with it the folder is an adapter
