"""responder: an AutoGen agent as a candidate of a cast: made anew for every reply, with the conversation as its memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autogen_agentchat.base import ChatAgent
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken
from autogen_core.models import ChatCompletionClient

from interalign.agents import messages as say
from interalign.agents.autogen_bridge.client import CallerClient, Completer
from interalign.agents.context import Context
from interalign.agents.responder import Responder, Strategy, known_to
from interalign.agents.role import Answer, Caller
from interalign.agents.user import clean_message
from interalign.errors import CallError, ConfigError, InteralignError, ParseError

__all__ = ["AutoGenResponder"]

_ATTEMPTS = 3
"""Times that an agent is made and asked, until it says something."""

MakeAgent = Callable[[ChatCompletionClient], ChatAgent]


class AutoGenResponder:
    """Answers with what the agent that `make(model_client)` returns says to the last message of the user.

    A new agent is made for each reply, so that nothing passes from one branch or conversation to another. The messages before
    the last go into its model context where it has one (an AssistantAgent's former replies are then its own); any other agent
    gets them as messages. A strategy that is not plain adds what is known of the user to the last message.
    """

    def __init__(
        self,
        make: MakeAgent,
        model: str,
        strategy: Strategy = "plain",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(make, ChatAgent) or not callable(make):
            raise ConfigError(
                f"an AutoGen responder needs a function that makes an agent from a model client, not {type(make).__name__}: "
                "one agent cannot be in many conversations at a time"
            )
        self.make = make
        self.model = model
        self.strategy: Strategy = strategy
        self.parameters = dict(parameters or {})

    async def perform(self, context: Context, caller: Caller, *, key: str) -> Answer[str]:
        """See `interalign.agents.Performer`. Raises CallError where the agent fails, or says nothing again and again."""
        if not isinstance(caller, Completer):
            raise ConfigError(f"a {type(caller).__name__} cannot play AutoGen agents; use a CallPath")
        problem = ""
        for attempt in range(_ATTEMPTS):
            name = f"{key}/{attempt}"
            client = CallerClient(caller, self.model, key=name, context=context, parameters=self.parameters)
            text = await self._answer(context, client)
            try:
                return Answer(clean_message(text), text, client.usage)
            except ParseError as error:
                problem = str(error)
        raise CallError(f"the AutoGen agent gave {_ATTEMPTS} answers that cannot be read: {problem}")

    async def _answer(self, context: Context, client: CallerClient) -> str:
        try:
            agent = self.make(client)
        except InteralignError:
            raise
        except Exception as error:  # noqa: BLE001 - a function that makes no agent now makes none for any conversation
            problem = f"{type(error).__name__}: {error}"
            raise ConfigError(f"{self.make!r} makes no agent from a model client: {problem}") from None
        if not isinstance(agent, ChatAgent):
            raise ConfigError(
                f"{self.make!r} returned a {type(agent).__name__}, which is no agent of autogen-agentchat"
            )
        try:
            messages = await _remember(agent, self._shown(context))
            response = await agent.on_messages(messages, CancellationToken())
            return response.chat_message.to_text()
        except InteralignError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a foreign agent raises fails one conversation alone
            raise CallError(f"the AutoGen agent {agent.name!r} failed: {type(error).__name__}: {error}") from None
        finally:
            await agent.close()

    def _shown(self, context: Context) -> list[tuple[str, str]]:
        """(role, text) of the conversation, what is known of the user with the last message."""
        shown: list[tuple[str, str]] = [(message.role, message.text) for message in context.history]
        known = known_to(self.strategy, context)
        if known:
            hint = Responder.hint.fill(known="\n".join(f"- {item}" for item in known))
            shown[-1] = (shown[-1][0], f"{shown[-1][1]}\n\n{hint}")
        return shown


async def _remember(agent: ChatAgent, shown: Sequence[tuple[str, str]]) -> list[BaseChatMessage]:
    """Put all but the last message into the agent's context, if it has one; returns what is left to send."""
    memory: Any = getattr(agent, "model_context", None)
    if memory is None:
        return [TextMessage(content=text, source="user" if role == "user" else agent.name) for role, text in shown]
    for role, text in shown[:-1]:
        await memory.add_message(say.user(text) if role == "user" else say.assistant(text, agent.name))
    return [TextMessage(content=shown[-1][1], source="user")]
