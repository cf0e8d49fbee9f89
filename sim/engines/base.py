"""base: what all engines share: autogen-core's ChatCompletionClient with the parts no engine here fills differently."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
    SystemMessage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, Field

from interalign.config import Config
from interalign.errors import CallError
from interalign.sim.engines.tools import wire_tool_calls, wire_tool_results

__all__ = ["Engine", "EngineSettings", "EngineUsage", "Price", "wire_messages"]


class Price(Config):
    """What a million tokens cost, in any one unit of money."""

    prompt: float = Field(default=0.0, ge=0)
    cached: float | None = Field(default=None, ge=0)
    """Prompt tokens out of the prefix cache; as other prompt tokens unless set."""
    completion: float = Field(default=0.0, ge=0)

    def of(self, prompt: int, cached: int, completion: int) -> float:
        """The cost of that many tokens; `prompt` includes the cached ones."""
        saved = cached * (self.prompt - self.cached) if self.cached is not None else 0.0
        return (prompt * self.prompt - saved + completion * self.completion) / 1e6


class EngineSettings(Config):
    """What every `[models.NAME]` section may hold."""

    max_in_flight: int = Field(default=32, ge=1)
    """The most calls under way at the same time; how many there are adapts below it."""
    parameters: dict[str, Any] = Field(default={})
    """Sent with every call; a role's and an agent's own come on top."""
    price: Price = Price()


@dataclass
class EngineUsage(RequestUsage):
    """Tokens of a call, those taken from the engine's prefix cache told apart."""

    cached_tokens: int = 0


S = TypeVar("S", bound=EngineSettings)


class Engine(ChatCompletionClient, Generic[S]):
    """A named model endpoint. Subclasses implement `create`."""

    reads_context = False
    """Whether calls carry the role's name and Context in the extra argument `scene` (the scripted engine)."""

    worth_caching = True
    """Whether keeping an answer is cheaper than asking again."""
    config: S

    _usage = EngineUsage(0, 0)

    @property
    def price(self) -> Price:
        return self.config.price

    @property
    def max_in_flight(self) -> int:
        return self.config.max_in_flight

    def identity(self) -> dict[str, Any]:
        """What decides the engine's answers, without secrets: part of every cache key."""
        raise NotImplementedError

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Any = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole reply as one chunk: nothing here reads a reply before it is complete."""
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args or {},
            cancellation_token=cancellation_token,
        )
        if isinstance(result.content, str):
            yield result.content
        yield result

    async def close(self) -> None:
        """Free what the engine holds."""

    def actual_usage(self) -> RequestUsage:
        return self._usage

    def total_usage(self) -> RequestUsage:
        return self._usage

    def _record(self, usage: EngineUsage) -> None:
        self._usage = EngineUsage(
            self._usage.prompt_tokens + usage.prompt_tokens,
            self._usage.completion_tokens + usage.completion_tokens,
            self._usage.cached_tokens + usage.cached_tokens,
        )

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """An estimate: four characters a token."""
        return sum(len(message["content"]) for message in wire_messages(messages)) // 4

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        return max(0, self.context_length - self.count_tokens(messages))

    @property
    def context_length(self) -> int:
        return 8192

    @property
    def capabilities(self) -> Any:
        return self.model_info

    @property
    def model_info(self) -> ModelInfo:
        return ModelInfo(
            vision=False,
            function_calling=True,
            json_output=True,
            family=ModelFamily.UNKNOWN,
            structured_output=True,
            multiple_system_messages=False,
        )


def wire_messages(messages: Sequence[LLMMessage]) -> list[dict[str, Any]]:
    """OpenAI chat format.

    Raises:
        CallError: a message holds images, which these engines do not take.
    """
    wire: list[dict[str, Any]] = []
    for message in messages:
        if isinstance(message, FunctionExecutionResultMessage):
            wire += wire_tool_results(message)
            continue
        if isinstance(message, AssistantMessage) and not isinstance(message.content, str):
            wire.append(wire_tool_calls(message))
            continue
        if not isinstance(message.content, str):
            raise CallError(f"a {message.type} with content other than text; this engine takes text messages only")
        if isinstance(message, SystemMessage):
            role = "system"
        else:
            role = "assistant" if isinstance(message, AssistantMessage) else "user"
        wire.append({"role": role, "content": message.content})
    return wire
