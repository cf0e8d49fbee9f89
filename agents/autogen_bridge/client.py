"""client: a run's call path as an AutoGen model client."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from autogen_core import CancellationToken
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from interalign.agents.context import Context
from interalign.agents.role import Agent, Role, Usage

__all__ = ["CallerClient", "Completer"]

_CONTEXT = 8192


@runtime_checkable
class Completer(Protocol):
    """A caller that also takes messages as they are: the call path of a run."""

    async def complete(
        self,
        agent: Agent[Any],
        messages: Sequence[LLMMessage],
        *,
        key: str,
        context: Context,
        output: type[BaseModel] | None = None,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Any = "auto",
    ) -> CreateResult: ...


class _Foreign(Role[str]):
    """Stands in the ledger for whoever writes the messages elsewhere."""

    name = "autogen"

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        return []

    def parse(self, text: str) -> str:
        return text


class CallerClient(ChatCompletionClient):
    """Calls of one AutoGen agent in one place of a conversation. They count under the role "autogen".

    The calls are numbered, and the number seeds the sampling: an agent that asks the same things in the same order gets the
    same answers.
    """

    def __init__(
        self,
        caller: Completer,
        model: str,
        *,
        key: str,
        context: Context | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self._caller = caller
        self._agent = Agent(_Foreign(), model, parameters or {})
        self._key = key
        self._context = context or Context()
        self.usage = Usage(calls=0)
        """Of all calls so far."""

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
        agent = replace(self._agent, parameters={**self._agent.parameters, **(extra_create_args or {})})
        number = self.usage.calls
        self.usage += Usage()
        call = self._caller.complete(
            agent,
            messages,
            key=f"{self._key}/{number}",
            context=self._context,
            output=None if isinstance(json_output, bool) else json_output,
            tools=tools,
            tool_choice=tool_choice,
        )
        task = asyncio.ensure_future(call)
        if cancellation_token is not None:
            cancellation_token.link_future(task)
        result = await task
        counts = result.usage
        cached = getattr(counts, "cached_tokens", 0)
        self.usage += Usage(counts.prompt_tokens, cached, counts.completion_tokens, calls=0)
        return result

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
        """The whole answer as one chunk."""
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        if isinstance(result.content, str):
            yield result.content
        yield result

    async def close(self) -> None:
        """The call path stays open: it belongs to the run."""

    def actual_usage(self) -> RequestUsage:
        return self.total_usage()

    def total_usage(self) -> RequestUsage:
        return RequestUsage(self.usage.prompt, self.usage.completion)

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """An estimate: four characters a token."""
        return sum(len(str(message.content)) for message in messages) // 4

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        return max(0, _CONTEXT - self.count_tokens(messages))

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
