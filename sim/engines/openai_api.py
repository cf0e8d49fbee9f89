"""openai_api: any OpenAI-compatible server (vLLM, SGLang, Ollama, llama.cpp, OpenAI), spoken to over plain aiohttp.

The official client re-validates the whole history on every call; here a call is one JSON document sent and one read.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import aiohttp
from autogen_core import CancellationToken
from autogen_core.models import CreateResult, FinishReasons, LLMMessage, ModelInfo
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, Field, field_validator

from interalign.errors import CallError, ConfigError, TransientError
from interalign.sim.engines.base import Engine, EngineSettings, EngineUsage, wire_messages
from interalign.sim.engines.logprobs import read_logprobs, read_prompt_logprobs
from interalign.sim.engines.tools import read_tool_calls, wire_tools

__all__ = ["OpenAIConfig", "OpenAIEngine"]

_FINISH: dict[str, FinishReasons] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "function_calls",
    "content_filter": "content_filter",
}
_TRANSIENT = {408, 409, 425, 429}


class OpenAIConfig(EngineSettings):
    """`parameters` may hold whatever the server understands: top_p, stop, extra fields of vLLM ..."""

    engine: Literal["openai_api"]
    base_url: str
    """Up to and including the version, such as http://localhost:8000/v1."""
    model: str = Field(min_length=1)
    """As the server calls it."""
    api_key_env: str | None = None
    """The name of the environment variable that holds the key; the key itself is never written anywhere."""
    timeout: float = Field(default=300.0, gt=0)
    """Seconds for one call."""
    send_seed: bool = True
    """Whether calls carry a seed. Some servers refuse or mishandle it."""
    send_schema: bool = True
    """Whether the server takes the JSON schema of an answer. Otherwise the answer is looked for in what the model writes."""

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("a base_url begins with http:// or https://, for example http://localhost:8000/v1")
        if not value.split("/")[2]:
            raise ValueError("a base_url names a host, for example http://localhost:8000/v1")
        if "@" in value.split("/")[2]:
            raise ValueError("credentials do not belong in a URL; name an environment variable in api_key_env")
        return value.rstrip("/")


class OpenAIEngine(Engine[OpenAIConfig]):
    """Chat completions of one model on one server. Connections are kept and reused."""

    def __init__(self, config: OpenAIConfig) -> None:
        self.config = config
        self._url = f"{config.base_url}/chat/completions"
        self._session: aiohttp.ClientSession | None = None
        if config.api_key_env is not None and not os.environ.get(config.api_key_env):
            raise ConfigError(
                f"the environment variable {config.api_key_env!r} that api_key_env names is not set; export the key there"
            )

    @property
    def model_info(self) -> ModelInfo:
        return {**super().model_info, "structured_output": self.config.send_schema}

    def identity(self) -> dict[str, Any]:
        return {"engine": "openai_api", "base_url": self.config.base_url, "model": self.config.model}

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
        body: dict[str, Any] = {"model": self.config.model, "messages": wire_messages(messages)}
        body.update(self.config.parameters)
        body.update(extra_create_args or {})
        if not self.config.send_seed:
            body.pop("seed", None)
        if json_output:
            body["response_format"] = _response_format(json_output)
        body.update(wire_tools(tools, tool_choice))
        data = await self._post(body)
        return self._result(data, messages)

    async def _post(self, body: dict[str, Any]) -> Any:
        payload = json.dumps(body).encode()
        try:
            async with self._open().post(self._url, data=payload) as response:
                text = await response.read()
                if response.status != 200:
                    raise self._refused(response, text)
        except TimeoutError:
            raise TransientError(f"{self._url}: no answer within {self.config.timeout:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise TransientError(
                f"{self._url} cannot be reached ({error.strerror or error}); is the server up?"
            ) from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise TransientError(f"{self._url}: the connection broke ({type(error).__name__}: {error})") from None
        try:
            return json.loads(text)
        except ValueError:
            raise TransientError(f"{self._url}: the answer is not JSON but begins {text[:60]!r}") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            headers = {"Content-Type": "application/json"}
            if self.config.api_key_env is not None:
                headers["Authorization"] = f"Bearer {os.environ[self.config.api_key_env]}"
            self._session = aiohttp.ClientSession(
                headers=headers,
                connector=aiohttp.TCPConnector(limit=self.config.max_in_flight),
                timeout=aiohttp.ClientTimeout(total=self.config.timeout),
                auto_decompress=True,
            )
        return self._session

    def _refused(self, response: aiohttp.ClientResponse, text: bytes) -> CallError:
        message = f"{self._url} answered {response.status}: {_server_message(text)}"
        if response.status in _TRANSIENT or response.status >= 500:
            overloaded = response.status in (429, 503, 529)
            return TransientError(message, _retry_after(response.headers.get("Retry-After")), overloaded)
        if response.status in (401, 403):
            return CallError(f"{message}; check the key in the variable that api_key_env names")
        if response.status == 404:
            return CallError(f"{message}; check base_url and model ({self.config.model!r})")
        return CallError(message)

    def _result(self, data: Any, messages: Sequence[LLMMessage]) -> CreateResult:
        try:
            choice = data["choices"][0]
            text = choice["message"].get("content") or ""
            called = read_tool_calls(choice["message"])
            counts = data.get("usage") or {}
            details = counts.get("prompt_tokens_details") or {}
            usage = EngineUsage(
                int(counts.get("prompt_tokens") or 0),
                int(counts.get("completion_tokens") or 0),
                int(details.get("cached_tokens") or 0),
            )
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            raise TransientError(f"{self._url}: the answer is no chat completion: {str(data)[:120]}") from None
        self._record(usage)
        finish = _FINISH.get(choice.get("finish_reason"), "unknown")
        logprobs = read_prompt_logprobs(data, str(messages[-1].content)) or read_logprobs(data)
        content = called or text
        return CreateResult(finish_reason=finish, content=content, usage=usage, cached=False, logprobs=logprobs)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            # aiohttp closes TLS transports on the next turns of the loop.
            await asyncio.sleep(0)


def _response_format(json_output: bool | type[BaseModel]) -> dict[str, Any]:
    if isinstance(json_output, bool):
        return {"type": "json_object"}
    schema = json_output.model_json_schema()
    form = {"name": json_output.__name__, "schema": schema, "strict": _is_closed(schema)}
    return {"type": "json_schema", "json_schema": form}


def _is_closed(schema: dict[str, Any]) -> bool:
    """Whether OpenAI takes the schema as a strict one: every key of every object is required, and no other is allowed."""
    objects = [schema, *schema.get("$defs", {}).values()]
    return all(
        one.get("additionalProperties") is False and set(one.get("required", ())) == set(one.get("properties", ()))
        for one in objects
        if one.get("type") == "object"
    )


def _server_message(text: bytes) -> str:
    """The human part of an error body, one line."""
    try:
        data = json.loads(text)
        error = data.get("error", data) if isinstance(data, dict) else data
        found = error.get("message", error) if isinstance(error, dict) else error
    except ValueError:
        found = text.decode(errors="replace")
    return " ".join(str(found).split())[:300] or "(no message)"


def _retry_after(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None
