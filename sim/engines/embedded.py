"""embedded: a small language model inside this process (llama.cpp through xllamacpp): no server, no network, no key.

Calls of many conversations are batched continuously, and each prompt reuses what the engine has read before. A base model
and the LoRA adapters of it are served side by side, `model = "smollm2-135m"` and `model = "smollm2-135m+runs/x/dpo"`: the
weights are in memory once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from autogen_core import CancellationToken
from autogen_core.models import CreateResult, LLMMessage
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, Field

from interalign.errors import CallError
from interalign.sim.adapters import adapter_digest, require_digest, served_file, split_adapter
from interalign.sim.engines.base import Engine, EngineSettings, EngineUsage, wire_messages
from interalign.sim.engines.llama_server import LlamaServer
from interalign.sim.engines.logprobs import read_logprobs
from interalign.sim.engines.tools import read_tool_calls, wire_tools
from interalign.sim.models import locate

__all__ = ["EmbeddedConfig", "EmbeddedEngine"]


class EmbeddedConfig(EngineSettings):
    """`parameters` may hold llama.cpp's own names, too: min_p, repeat_penalty ..."""

    engine: Literal["embedded"]
    model: str = "smollm2-135m"
    """A name that `interalign models list` shows, or the path of a GGUF file with a chat template; with "+FOLDER" after it, the
    same with the LoRA adapter in that folder. Sections with the same base model share its weights."""
    adapter_sha256: str | None = None
    """The hash of the adapter, filled in when a run starts: a run is not resumed with another one."""
    context: int = Field(default=16384, ge=512)
    """Tokens of context, shared by the calls under way."""
    max_in_flight: int = Field(default=8, ge=1, le=64)
    """Calls that are batched together."""
    threads: int | None = Field(default=None, ge=1)
    """Processor threads; all cores unless set."""


class EmbeddedEngine(Engine[EmbeddedConfig]):
    """One model loaded into this process.

    Raises:
        MissingError: the model file or the adapter is not there, or is not one.
        ConfigError: the adapter is for another model, or has changed since the run was started.
    """

    def __init__(self, config: EmbeddedConfig) -> None:
        self.config = config
        self.base, folder = split_adapter(config.model)
        self.path = locate(self.base)
        self.adapter = self.digest = None
        if folder is not None:
            self.digest = adapter_digest(folder)
            require_digest(folder, self.digest, config.adapter_sha256)
            self.adapter = served_file(folder, self.path)
        self._server: LlamaServer | None = None
        self._threads: ThreadPoolExecutor | None = None
        self.join()

    def identity(self) -> dict[str, Any]:
        tuned = {"adapter": self.digest} if self.digest else {}
        return {"engine": "embedded", "model": self.base, **tuned}

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
        body.update(wire_tools(tools, tool_choice))
        server, threads = self.join()
        data = await asyncio.get_running_loop().run_in_executor(threads, server.chat, body, self.adapter)
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
        content = read_tool_calls(choice["message"]) or choice["message"].get("content") or ""
        return CreateResult(
            finish_reason=finish, content=content, usage=usage, cached=False, logprobs=read_logprobs(data)
        )

    def join(self) -> tuple[LlamaServer, ThreadPoolExecutor]:
        """The server, which loads at the first call. Engines join when they are made, so that it knows all adapters then."""
        if self._server is None or self._threads is None:
            config = self.config
            self._server = LlamaServer.join(
                self.path, config.threads, config.context, config.max_in_flight, self.adapter
            )
            self._threads = ThreadPoolExecutor(config.max_in_flight, thread_name_prefix="embedded")
        return self._server, self._threads

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        self._server = self._threads = None
