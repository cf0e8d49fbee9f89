"""exporting: a LoRA adapter as a GGUF file, which llama.cpp serves beside the base model that it was trained on.

Names and shapes are those of the base model's own GGUF file, so that an adapter for another model is found out here, in a
sentence, and not when the engine has started.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from interalign.errors import ConfigError, MissingError, RunFolderError
from interalign.sim.adapters.lora import Factors, Lora, adapter_digest, read_adapter
from interalign.sim.hf_models import EMBEDDED
from interalign.sim.models import cache_folder, locate

__all__ = ["MAX_RANK", "GGUFBase", "base_file", "export_gguf", "gguf_base", "served_file"]

MAX_RANK = 512
"""A higher rank is no adapter any more: it costs more than the layers it is added to."""
_PERMUTED = {"llama": True, "olmo": True, "qwen2": False, "qwen3": False}
"""By architecture: whether its GGUF files have the rows of the query and key projections in another order."""


@dataclass(frozen=True, slots=True)
class GGUFBase:
    """What an export must know of the base model's file."""

    file: Path
    arch: str
    layers: int
    heads: int
    kv_heads: int
    shapes: Mapping[str, tuple[int, int]]
    """By tensor name without its suffix: (outputs, inputs)."""


@cache
def gguf_base(file: Path) -> GGUFBase:
    """Read the head of a GGUF file.

    Raises:
        MissingError: the gguf package is not installed, or the file is no GGUF file.
        ConfigError: adapters of this kind of model are not known.
    """
    gguf = _gguf()
    try:
        reader: Any = gguf.GGUFReader(file)
        fields = {name: field for name, field in reader.fields.items() if not name.startswith("tokenizer.")}
        arch = str(fields["general.architecture"].contents())
        layers, heads = (int(fields[f"{arch}.{key}"].contents()) for key in ("block_count", "attention.head_count"))
        kv_heads = fields.get(f"{arch}.attention.head_count_kv")
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise MissingError(f"{file} cannot be read as a GGUF model ({error})") from None
    if arch not in _PERMUTED:
        known = ", ".join(sorted(_PERMUTED))
        raise ConfigError(
            f"{file.name} is a {arch!r} model; adapters are exported for {known}; merge the adapter and serve it with vLLM"
        )
    shapes = {
        tensor.name.removesuffix(".weight"): (int(tensor.shape[1]), int(tensor.shape[0]))
        for tensor in reader.tensors
        if len(tensor.shape) == 2
    }
    return GGUFBase(file, arch, layers, heads, int(kv_heads.contents()) if kv_heads else heads, shapes)


def export_gguf(lora: Lora, base: GGUFBase, target: Path) -> None:
    """Write the adapter as a GGUF file; it appears under its name when it is whole.

    Raises:
        ConfigError: it does not fit the base model, or its rank is too high.
        RunFolderError: the file cannot be written.
    """
    gguf = _gguf()
    if lora.rank > MAX_RANK:
        raise ConfigError(f"the adapter's rank is {lora.rank}; {MAX_RANK} is the most that is served, merge it instead")
    tensors = _tensors(lora, base)
    new = target.with_name(target.name + ".new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        writer: Any = gguf.GGUFWriter(new, base.arch)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 0.0)  # the scales are in B already
        for name, tensor in tensors.items():
            writer.add_tensor(name, tensor)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(new, target)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise RunFolderError(f"{target} cannot be written ({error.strerror or error}); choose another file") from None


def served_file(adapter: str | Path, base_file: Path) -> Path:
    """The adapter as a GGUF file for that base: made once and kept in the cache folder, by content.

    Raises:
        MissingError, ConfigError, RunFolderError: as `read_adapter`, `gguf_base` and `export_gguf`.
    """
    target = cache_folder() / "adapters" / f"{adapter_digest(adapter)[:24]}-{base_file.stem}.gguf"
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(target.name + ".lock"))
        with lock:
            if not target.is_file():
                export_gguf(read_adapter(adapter), gguf_base(base_file), target)
    except OSError as error:
        if isinstance(error, (RunFolderError, MissingError)):
            raise
        raise RunFolderError(f"{target.parent} cannot be written ({error.strerror}); set INTERALIGN_CACHE") from None
    return target


def base_file(name: str) -> Path:
    """The GGUF file of the model that an adapter was trained on, "embedded:NAME" or the file's path.

    Raises:
        MissingError: it is not there, or the name is that of no GGUF file.
    """
    if not name.startswith(EMBEDDED) and not name.endswith(".gguf"):
        raise MissingError(
            f"the adapter was trained on {name!r}, which is no GGUF file; name the file that it is to be served with by --base"
        )
    return locate(name.removeprefix(EMBEDDED))


def _tensors(lora: Lora, base: GGUFBase) -> dict[str, NDArray[np.float32]]:
    gguf = _gguf()
    arch = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == base.arch)
    names: Any = gguf.get_tensor_name_map(arch, base.layers)
    tensors: dict[str, NDArray[np.float32]] = {}
    for module, factors in lora.modules.items():
        name = names.get_name(module)
        if name is None or name not in base.shapes:
            raise ConfigError(
                f"the adapter changes {module!r}, which {base.file.name} does not have: it is for another model"
                + (f" ({lora.base})" if lora.base else "")
            )
        shape = (factors.b.shape[0], factors.a.shape[1])
        if shape != base.shapes[name]:
            raise ConfigError(
                f"the adapter's {module!r} is {shape[0]} x {shape[1]}, that of {base.file.name} "
                f"{base.shapes[name][0]} x {base.shapes[name][1]}: it is for another model"
            )
        tensors[f"{name}.weight.lora_a"] = factors.a
        tensors[f"{name}.weight.lora_b"] = np.ascontiguousarray(_in_file_order(module, factors, base))
    return tensors


def _in_file_order(module: str, factors: Factors, base: GGUFBase) -> NDArray[np.float32]:
    """B with its rows as the base file has them: llama.cpp rotates neighbouring dimensions, Hugging Face halves of a head."""
    heads = {"q_proj": base.heads, "k_proj": base.kv_heads}.get(module.rpartition(".")[2])
    if heads is None or not _PERMUTED[base.arch]:
        return factors.b
    rows, rank = factors.b.shape
    return factors.b.reshape(heads, 2, rows // heads // 2, rank).swapaxes(1, 2).reshape(rows, rank)


def _gguf() -> Any:
    if find_spec("gguf") is None:
        raise MissingError(
            "gguf is not installed, which writes adapters for llama.cpp: pip install 'interalign[train]'"
        )
    return import_module("gguf")
