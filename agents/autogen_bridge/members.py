"""members: interalign's simulated user and its judges as members of an AutoGen team."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken

from interalign.agents.context import Context, Message
from interalign.agents.judges import Judge, Verdict
from interalign.agents.persona import Persona
from interalign.agents.role import Agent, Caller
from interalign.errors import ConfigError

__all__ = ["JudgeChatAgent", "UserChatAgent"]


class _Member(BaseChatAgent):
    """Keeps the conversation as it hears it."""

    def __init__(self, name: str, description: str, persona: Persona, caller: Caller, seed: int) -> None:
        super().__init__(name, description)
        self.persona = persona
        self.caller = caller
        self.seed = seed
        self.history: list[Message] = []
        """User and assistant by turns."""

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    def _context(self, **more: Any) -> Context:
        turn = sum(message.role == "user" for message in self.history)
        return Context(history=tuple(self.history), persona=self.persona, turn=max(1, turn), **more)

    def _key(self) -> str:
        return f"{self.seed}/{self.persona.id}/{self.name}/{len(self.history)}"

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self.history.clear()

    async def save_state(self) -> Mapping[str, Any]:
        return {"type": type(self).__name__, "history": [list(message) for message in self.history]}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self.history[:] = [Message(role, text) for role, text in state["history"]]


class UserChatAgent(_Member):
    """A simulated user, who opens the conversation at its first turn. The team's task starts it, and is not part of it.

    `hears` is the member whose messages it answers; anybody who spoke last, unless set.
    """

    def __init__(
        self,
        name: str,
        agent: Agent[str],
        persona: Persona,
        caller: Caller,
        *,
        hears: str | None = None,
        disclosure: Sequence[str] = (),
        seed: int = 0,
    ) -> None:
        super().__init__(name, "A person who chats.", persona, caller, seed)
        self.agent = agent
        self.hears = hears
        self.disclosure = tuple(disclosure)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        if self.history:
            self.history.append(Message("assistant", self._heard(messages)))
        turn = len(self.history) // 2 + 1
        disclose = self.disclosure[turn - 1] if turn <= len(self.disclosure) else None
        context = Context(history=tuple(self.history), persona=self.persona, turn=turn, disclose=disclose)
        answer = await self.caller.ask(self.agent, context, key=self._key())
        self.history.append(Message("user", answer.value))
        return Response(chat_message=TextMessage(content=answer.value, source=self.name))

    def _heard(self, messages: Sequence[BaseChatMessage]) -> str:
        others = [message for message in messages if message.source == (self.hears or message.source) != self.name]
        heard = [message.to_text() for message in others]
        if not heard:
            whom = f"{self.hears!r} has" if self.hears else "anybody has"
            raise ConfigError(f"it is the turn of {self.name!r} again before {whom} answered; put them in turns")
        return heard[-1]


class JudgeChatAgent(_Member):
    """Says which of two members' last replies the persona would rather get; `verdicts` keeps what it decided.

    The conversation goes on from the reply of the member that `hears` names, the first of the two unless set.
    """

    def __init__(
        self,
        name: str,
        judge: Judge,
        persona: Persona,
        caller: Caller,
        *,
        user: str,
        between: tuple[str, str],
        hears: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(name, "Judges which of two replies a person would rather get.", persona, caller, seed)
        self.judge = judge
        self.user = user
        self.between = between
        self.hears = hears or between[0]
        self.replies: dict[str, str] = {}
        self.verdicts: list[Verdict] = []

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        for message in messages:
            self._follow(message.source, message.to_text())
        missing = [name for name in self.between if name not in self.replies]
        if not self.history or missing:
            what = f"{missing[0]} has not replied" if self.history else f"{self.user} has not spoken"
            return self._say(Verdict(judge=self.judge.name, outcome="unscored", reason=what))
        a, b = (self.replies[name] for name in self.between)
        context = self._context(replies=(a, b))
        return self._say(await self.judge.compare(context, a, b, self.caller, key=self._key()))

    def _follow(self, source: str, text: str) -> None:
        if source in self.between:
            self.replies[source] = text
        elif source == self.user:
            if self.history and self.hears in self.replies:
                self.history.append(Message("assistant", self.replies[self.hears]))
            self.history.append(Message("user", text))
            self.replies.clear()

    def _say(self, verdict: Verdict) -> Response:
        self.verdicts.append(verdict)
        winner = {"a": self.between[0], "b": self.between[1]}.get(verdict.outcome)
        text = f"{winner} is better" if winner else f"{verdict.outcome}: {verdict.reason}"
        metadata = {"verdict": verdict.model_dump_json(exclude_defaults=True)}
        return Response(chat_message=TextMessage(content=text, source=self.name, metadata=metadata))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        await super().on_reset(cancellation_token)
        self.replies.clear()
        self.verdicts.clear()

    async def save_state(self) -> Mapping[str, Any]:
        verdicts = [json.loads(verdict.model_dump_json()) for verdict in self.verdicts]
        return {**await super().save_state(), "replies": dict(self.replies), "verdicts": verdicts}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        await super().load_state(state)
        self.replies = dict(state["replies"])
        self.verdicts = [Verdict.model_validate(verdict) for verdict in state["verdicts"]]
