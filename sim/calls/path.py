"""path: the one way a model is called: cache, budget, limit, send, retry, read the answer, repair, record.

Whoever calls names the place of the call by a key; the key seeds the sampling, so that a call repeats exactly, and the same
call is found in the cache when a run is resumed.
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from interalign.agents import Agent, Answer, Context, Usage
from interalign.agents import messages as say
from interalign.agents.seeds import derive
from interalign.errors import BudgetError, CallError, ConfigError, ParseError, TransientError
from interalign.sim.calls.cache import CallCache, fingerprint
from interalign.sim.calls.form import Form
from interalign.sim.calls.ledger import Entry, Ledger
from interalign.sim.calls.limiter import Limiter
from interalign.sim.calls.settings import CallSettings
from interalign.sim.engines.base import Engine

__all__ = ["CallPath"]

T = TypeVar("T")

_DEFAULT_CAP = 32


@dataclass(slots=True)
class _Endpoint:
    client: ChatCompletionClient
    limiter: Limiter
    identity: bytes
    cache: CallCache | None
    reads_context: bool
    structured: bool = False
    """Whether it takes the schema of an answer."""


class CallPath:
    """Plays agents on the named clients: any autogen-core ChatCompletionClient will do."""

    def __init__(
        self,
        clients: Mapping[str, ChatCompletionClient],
        settings: CallSettings | None = None,
        *,
        cache: CallCache | None = None,
    ) -> None:
        self.clients = dict(clients)
        self.settings = settings or CallSettings()
        self.cache = cache
        self.ledger = Ledger({name: client.price for name, client in clients.items() if isinstance(client, Engine)})
        for record in cache.records() if cache else ():
            entry = self.ledger[record.role, record.model]
            self.ledger.record(entry, record.prompt, record.cached, record.completion, record.seconds)
        self._endpoints = {name: _endpoint(name, client, cache) for name, client in clients.items()}

    async def ask(self, agent: Agent[T], context: Context, *, key: str) -> Answer[T]:
        """See `interalign.agents.Caller.ask`. Raises BudgetError when the budget is used up."""
        endpoint, entry = self._at(agent)
        messages = list(agent.role.messages(context))
        form = Form(agent.role.output)
        usage, repair = Usage(calls=0), 0
        while True:
            extra = {**agent.settings, "seed": derive(key, repair)}
            result = await self._answer(agent, endpoint, entry, messages, extra, context, form)
            usage += _usage(result)
            text = _storable(result.content) if isinstance(result.content, str) else ""
            try:
                return Answer(agent.role.parse(text), text, usage, result.logprobs or ())
            except ParseError as error:
                if repair == self.settings.repairs:
                    entry.failures += 1
                    raise CallError(
                        f"the {agent.role.name} ({agent.model}) gave {repair + 1} answers that cannot be read: {error}; "
                        f"the last begins {text[:80]!r}"
                    ) from None
                if agent.role.output is not None and text:  # such a model can be told what is wrong with its JSON
                    complaint = f"This cannot be read: {error}. Answer again, with the JSON object alone."
                    messages += [say.assistant(text), say.user(complaint)]
            repair += 1
            entry.repairs += 1

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
    ) -> CreateResult:
        """One call with messages of the caller's own, its answer unread: for agents of other frameworks. Raises as `ask`."""
        endpoint, entry = self._at(agent)
        extra = {**agent.settings, "seed": derive(key, 0)}
        form = Form(output, tuple(tools), tool_choice)
        result = await self._answer(agent, endpoint, entry, list(messages), extra, context, form)
        text = result.content
        return result.model_copy(update={"content": _storable(text)}) if isinstance(text, str) else result

    def _at(self, agent: Agent[Any]) -> tuple[_Endpoint, Entry]:
        """Where the agent's calls go, and are counted."""
        endpoint = self._endpoints.get(agent.model)
        if endpoint is None:
            raise ConfigError(
                f"no model {agent.model!r} for the {agent.role.name}; known are {', '.join(self.clients)}"
            )
        return endpoint, self.ledger[agent.role.name, agent.model]

    async def _answer(
        self,
        agent: Agent[Any],
        endpoint: _Endpoint,
        entry: Entry,
        messages: list[LLMMessage],
        extra: dict[str, Any],
        context: Context,
        form: Form,
    ) -> CreateResult:
        """From the cache, or else from the engine, and then into the cache."""
        key = b""
        if endpoint.cache is not None:
            key = fingerprint(endpoint.identity, messages, {**extra, **form.identity()})
            found = endpoint.cache.get(key)
            if found is not None:
                entry.replayed += 1
                self.ledger.replayed += 1
                return found
        if endpoint.reads_context:
            extra = {**extra, "scene": (agent.role.name, context)}
        result, seconds = await self._send(agent, endpoint, entry, messages, extra, form)
        counts = result.usage
        cached = getattr(counts, "cached_tokens", 0)
        self.ledger.record(entry, counts.prompt_tokens, cached, counts.completion_tokens, seconds)
        if endpoint.cache is not None:
            endpoint.cache.put(key, agent.role.name, agent.model, result, seconds)
        return result

    async def _send(
        self,
        agent: Agent[Any],
        endpoint: _Endpoint,
        entry: Entry,
        messages: list[LLMMessage],
        extra: dict[str, Any],
        form: Form,
    ) -> tuple[CreateResult, float]:
        """One answer and its seconds, after as many retries as it takes and the settings allow."""
        retry = 0
        while True:
            await endpoint.limiter.enter()
            try:
                self._check_budget()
                started = time.monotonic()
                result = await endpoint.client.create(
                    messages, extra_create_args=extra, **form.arguments(endpoint.structured)
                )
                endpoint.limiter.succeeded()
                return result, time.monotonic() - started
            except CallError as error:
                if isinstance(error, TransientError) and error.overloaded:
                    endpoint.limiter.overloaded(error.retry_after)
                if not isinstance(error, TransientError) or retry == self.settings.retries:
                    entry.failures += 1
                    times = f" {retry + 1} times" if retry else ""
                    raise CallError(f"the {agent.role.name} ({agent.model}) failed{times}: {error}") from None
                delay = self._delay(retry, error.retry_after)
            finally:
                endpoint.limiter.leave()
            retry += 1
            entry.retries += 1
            await asyncio.sleep(delay)

    def _delay(self, retry: int, asked: float | None) -> float:
        """Jitter below an exponentially growing bound; never less than the server asked for."""
        bound = min(60.0, self.settings.retry_delay * 2**retry)
        return max(asked or 0.0, random.uniform(bound / 2, bound))

    def _check_budget(self) -> None:
        """Calls under way count with what an average call uses, so that a cap is met and not passed."""
        budget, ledger = self.settings.budget, self.ledger
        others = self.in_flight - 1
        share = 1 + others / ledger.calls if ledger.calls else 1.0
        if budget.calls is not None and ledger.calls + others >= budget.calls:
            raise BudgetError(f"the budget of {budget.calls} calls is used up; raise calls.budget.calls to go on")
        if budget.tokens is not None and ledger.tokens * share >= budget.tokens:
            raise BudgetError(f"the budget of {budget.tokens} tokens is used up; raise calls.budget.tokens to go on")
        if budget.money is not None and ledger.money * share >= budget.money:
            raise BudgetError(f"the budget of {budget.money:g} is used up; raise calls.budget.money to go on")

    @property
    def in_flight(self) -> int:
        """Calls under way on all endpoints."""
        return sum(endpoint.limiter.under_way for endpoint in self._endpoints.values())

    async def close(self) -> None:
        """Close every client."""
        for client in self.clients.values():
            await client.close()


def _endpoint(name: str, client: ChatCompletionClient, cache: CallCache | None) -> _Endpoint:
    structured = bool(client.model_info.get("structured_output", False))
    if not isinstance(client, Engine):
        identity = {"client": type(client).__name__, "name": name}
        return _Endpoint(client, Limiter(_DEFAULT_CAP), json.dumps(identity).encode(), cache, False, structured)
    identity = json.dumps(client.identity(), sort_keys=True).encode()
    kept = cache if client.worth_caching else None
    return _Endpoint(client, Limiter(client.max_in_flight), identity, kept, client.reads_context, structured)


def _storable(text: str) -> str:
    """JSON can carry half a surrogate pair, which no UTF-8 file can store."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _usage(result: CreateResult) -> Usage:
    counts = result.usage
    return Usage(counts.prompt_tokens, getattr(counts, "cached_tokens", 0), counts.completion_tokens)
