"""llama_server: llama.cpp's server inside this process, shared by all engines that answer with the same base model.

Base model and LoRA adapters are served side by side: the weights are loaded once, and each call says which adapter it is for.
"""

import os
import threading
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakSet

from interalign.errors import MissingError

__all__ = ["LlamaServer"]


@dataclass(slots=True, eq=False, weakref_slot=True)
class LlamaServer:
    """One loaded base model. Engines join it before it starts; it is freed when none of them holds it any more."""

    path: Path
    threads: int | None
    context: int = 0
    slots: int = 0
    adapters: list[Path] = field(default_factory=list)
    _server: Any = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def join(cls, path: Path, threads: int | None, context: int, slots: int, adapter: Path | None) -> "LlamaServer":
        """The server of that base model which serves, or can still take, the adapter; a new one if there is none."""
        for server in list(_SERVERS):
            if (server.path, server.threads) == (path, threads) and server._takes(context, slots, adapter):
                break
        else:
            server = cls(path, threads)
            _SERVERS.add(server)
        if server._server is None:
            server.context, server.slots = max(server.context, context), max(server.slots, slots)
            if adapter is not None and adapter not in server.adapters:
                server.adapters.append(adapter)
        return server

    def _takes(self, context: int, slots: int, adapter: Path | None) -> bool:
        """Adapters are listed when the model is loaded; later ones need a server of their own."""
        if self._server is None:
            return True
        return context <= self.context and slots <= self.slots and (adapter is None or adapter in self.adapters)

    def chat(self, body: dict[str, Any], adapter: Path | None) -> Any:
        """Answer one call; loads the model first, if this is the first. Blocks: call it from a thread.

        Raises:
            MissingError: the file is no model, or an adapter does not fit it.
        """
        with self._starting:
            if self._server is None:
                self._server = self._start()
        if self.adapters:
            # Every one is named: one that is left out would keep the scale of whoever was answered before.
            scales = [{"id": place, "scale": float(path == adapter)} for place, path in enumerate(self.adapters)]
            body = {**body, "lora": scales}
        return self._server.handle_chat_completions(body)

    def _start(self) -> Any:
        xllamacpp: Any = import_module("xllamacpp")  # a compiled module without type information

        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.n_ctx = self.context
        params.n_parallel = self.slots
        params.kv_unified = True  # one pool of context for all slots: a long conversation borrows from short ones
        # Former prompts stay in their slots alone. The store beside them takes idle slots away, so that fewer prompts find their
        # beginning again, and it does not tell adapters apart.
        params.cache_ram_mib = 0
        params.cache_idle_slots = False
        params.warmup = False
        params.verbosity = -1
        params.cpuparams.n_threads = self.threads or len(os.sched_getaffinity(0))
        params.lora_init_without_apply = True
        params.lora_adapters = [_adapter(xllamacpp, path) for path in self.adapters]
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:
            beside = f" with {', '.join(path.name for path in self.adapters)}" if self.adapters else ""
            raise MissingError(f"{self.path} cannot be loaded as a GGUF model{beside} ({error})") from None


_SERVERS: WeakSet[LlamaServer] = WeakSet()


def _adapter(xllamacpp: Any, path: Path) -> Any:
    info = xllamacpp.CommonAdapterLoraInfo()
    info.path = str(path)
    info.scale = 0.0
    return info
