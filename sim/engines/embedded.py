"""embedded: a small language model inside this process (llama.cpp through xllamacpp): no server, no network, no key.

Calls of many conversations are batched continuously, and each prompt reuses what the engine has read before.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from autogen_core import CancellationToken
from autogen_core.models import CreateResult, LLMMessage
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, Field

from interalign.errors import CallError, MissingError
from interalign.sim.engines.base import Engine, EngineSettings, EngineUsage, wire_messages
from interalign.sim.models import locate

__all__ = ["EmbeddedConfig", "EmbeddedEngine"]


class EmbeddedConfig(EngineSettings):
    """`parameters` may hold llama.cpp's own names, too: min_p, repeat_penalty ..."""

    engine: Literal["embedded"]
    model: str = "smollm2-135m"
    """A name that `interalign models list` shows, or the path of a GGUF file with a chat template."""
    context: int = Field(default=16384, ge=512)
    """Tokens of context, shared by the calls under way."""
    max_in_flight: int = Field(default=8, ge=1, le=64)
    """Calls that are batched together."""
    threads: int | None = Field(default=None, ge=1)
    """Processor threads; all cores unless set."""


class EmbeddedEngine(Engine[EmbeddedConfig]):
    """One model loaded into this process.

    Raises:
        MissingError: the model file is not there, or is not one.
    """

    def __init__(self, config: EmbeddedConfig) -> None:
        self.config = config
        self.path = locate(config.model)
        self._server: Any = None
        self._threads: ThreadPoolExecutor | None = None
        self._loading: asyncio.Lock | None = None

    def identity(self) -> dict[str, Any]:
        return {"engine": "embedded", "model": self.config.model}

    @property
    def context_length(self) -> int:
        return self.config.context

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Any = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        body: dict[str, Any] = {"messages": wire_messages(messages), "cache_prompt": True}
        body.update(self.config.parameters)
        body.update(extra_create_args or {})
        if "seed" in body:
            body["seed"] %= 2**32
        if json_output and not isinstance(json_output, bool):
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"schema": json_output.model_json_schema()},
            }
        elif json_output:
            body["response_format"] = {"type": "json_object"}
        await self._load()
        data = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._server.handle_chat_completions, body
        )
        return self._result(data)

    def _result(self, data: Any) -> CreateResult:
        if "choices" not in data:
            error = data.get("error", data)
            message = error.get("message", error) if isinstance(error, dict) else error
            raise CallError(f"the embedded model {self.config.model!r} refused a call: {message}")
        choice, counts = data["choices"][0], data["usage"]
        cached = (counts.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        usage = EngineUsage(counts["prompt_tokens"], counts["completion_tokens"], cached)
        self._record(usage)
        finish = "length" if choice["finish_reason"] == "length" else "stop"
        content = choice["message"].get("content") or ""
        return CreateResult(finish_reason=finish, content=content, usage=usage, cached=False)

    async def _load(self) -> None:
        if self._server is not None:
            return
        if self._loading is None:
            self._loading = asyncio.Lock()  # the first calls come together: one of them loads the model
        async with self._loading:
            if self._server is None:
                self._threads = ThreadPoolExecutor(self.config.max_in_flight, thread_name_prefix="embedded")
                self._server = await asyncio.get_running_loop().run_in_executor(
                    self._threads, _start_server, self.path, self.config
                )

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        self._server = self._threads = None


def _start_server(path: Path, config: EmbeddedConfig) -> Any:
    xllamacpp: Any = import_module("xllamacpp")  # a compiled module without type information

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = config.context
    params.n_parallel = config.max_in_flight
    params.kv_unified = True  # one pool of context for all slots: a long conversation borrows from short ones
    params.cache_ram_mib = 256
    params.warmup = False
    params.verbosity = -1
    params.cpuparams.n_threads = config.threads or len(os.sched_getaffinity(0))
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise MissingError(
            f"{path} cannot be loaded as a GGUF model ({error}); `interalign models pull {config.model}` fetches it again"
        ) from None
