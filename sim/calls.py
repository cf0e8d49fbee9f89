"""calls: the one way a model is called: limit, send, retry, read the answer, repair, record.

Whoever calls names the place of the call by a key; the key seeds the sampling, so that a call repeats exactly.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, TypeVar

from autogen_core.models import ChatCompletionClient, CreateResult
from pydantic import Field

from interalign.agents import Agent, Answer, Context, Usage
from interalign.agents.seeds import derive
from interalign.config import Config
from interalign.errors import CallError, ConfigError, ParseError, TransientError
from interalign.sim.ledger import Entry, Ledger

__all__ = ["CallPath", "CallSettings"]

T = TypeVar("T")


class CallSettings(Config):
    """`[calls]`: what happens when a call goes wrong."""

    retries: int = Field(default=4, ge=0)
    """How often a call is sent again after a fault that may pass."""
    retry_delay: float = Field(default=0.5, ge=0)
    """Seconds before the first retry; doubles each time, with jitter, up to a minute."""
    repairs: int = Field(default=2, ge=0)
    """How often a model is asked again when its answer cannot be read."""


class CallPath:
    """Plays agents on the named clients: any autogen-core ChatCompletionClient will do.

    At most `limits[model]` calls of a model are under way at the same time (32 where nothing is said).
    """

    def __init__(
        self,
        clients: Mapping[str, ChatCompletionClient],
        settings: CallSettings | None = None,
        *,
        limits: Mapping[str, int] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.clients = dict(clients)
        self.settings = settings or CallSettings()
        self.ledger = ledger or Ledger()
        limits = limits or {}
        self._slots = {name: asyncio.Semaphore(limits.get(name, 32)) for name in self.clients}

    async def ask(self, agent: Agent[T], context: Context, *, key: str) -> Answer[T]:
        """See `interalign.agents.Caller.ask`."""
        if agent.model not in self.clients:
            raise ConfigError(
                f"no model {agent.model!r} for the {agent.role.name}; known are {', '.join(self.clients)}"
            )
        entry = self.ledger[agent.role.name, agent.model]
        usage, repair = Usage(calls=0), 0
        while True:
            result = await self._send(agent, context, derive(key, repair), entry)
            spent = _usage(result)
            entry.add(spent)
            usage += spent
            text = result.content if isinstance(result.content, str) else ""
            try:
                return Answer(agent.role.parse(text), text, usage)
            except ParseError as error:
                if repair == self.settings.repairs:
                    entry.failures += 1
                    raise CallError(
                        f"the {agent.role.name} ({agent.model}) gave {repair + 1} answers that cannot be read: {error}; "
                        f"the last begins {text[:80]!r}"
                    ) from None
            repair += 1
            entry.repairs += 1

    async def _send(self, agent: Agent[Any], context: Context, seed: int, entry: Entry) -> CreateResult:
        """One answer, after as many retries as it takes and the settings allow."""
        messages = agent.role.messages(context)
        client = self.clients[agent.model]
        extra: dict[str, Any] = {**agent.settings, "seed": seed}
        if getattr(client, "reads_context", False):
            extra["scene"] = (agent.role.name, context)
        retry = 0
        while True:
            try:
                async with self._slots[agent.model]:
                    return await client.create(messages, extra_create_args=extra)
            except CallError as error:
                if not isinstance(error, TransientError) or retry == self.settings.retries:
                    entry.failures += 1
                    times = f" {retry + 1} times" if retry else ""
                    raise CallError(f"the {agent.role.name} ({agent.model}) failed{times}: {error}") from None
                delay = self._delay(retry, error.retry_after)
            retry += 1
            entry.retries += 1
            await asyncio.sleep(delay)

    def _delay(self, retry: int, asked: float | None) -> float:
        """Full jitter below an exponentially growing bound; never less than the server asked for."""
        bound = min(60.0, self.settings.retry_delay * 2**retry)
        return max(asked or 0.0, random.uniform(bound / 2, bound))

    async def close(self) -> None:
        """Close every client."""
        for client in self.clients.values():
            await client.close()


def _usage(result: CreateResult) -> Usage:
    counts = result.usage
    return Usage(counts.prompt_tokens, getattr(counts, "cached_tokens", 0), counts.completion_tokens)
