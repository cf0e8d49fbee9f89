"""adapters: LoRA adapters: read, stacked, exported for llama.cpp, merged for other servers."""

from interalign.sim.adapters.exporting import MAX_RANK, base_file, export_gguf, gguf_base, served_file
from interalign.sim.adapters.lora import (
    Factors,
    Lora,
    adapter_digest,
    find_adapter,
    read_adapter,
    require_digest,
    stack,
    write_adapter,
)
from interalign.sim.adapters.merging import merge_into, write_merged
from interalign.sim.adapters.naming import split_adapter

__all__ = [
    "MAX_RANK",
    "Factors",
    "Lora",
    "adapter_digest",
    "base_file",
    "export_gguf",
    "find_adapter",
    "gguf_base",
    "merge_into",
    "read_adapter",
    "require_digest",
    "served_file",
    "split_adapter",
    "stack",
    "write_adapter",
    "write_merged",
]
