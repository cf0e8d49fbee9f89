"""responder: the side that is to adapt. Candidates of one turn come from several of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, assert_never

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.prompts import Prompt, load_prompt
from interalign.agents.role import Role
from interalign.agents.user import clean_message

__all__ = ["Responder", "Strategy", "known_to"]

Strategy = Literal["plain", "hinted", "informed"]


class Responder(Role[str]):
    """Answers the user. `plain` sees the conversation alone, `hinted` also what the inducer has found so far, `informed` also
    the whole persona (the most that any inducer could find).

    All share the prompt up to the last user message: what is known comes after the history and is not kept in it.
    """

    name = "responder"
    parameters: Mapping[str, Any] = {"temperature": 0.8}
    prompt = Prompt(load_prompt("responder"), ())
    hint = Prompt(load_prompt("hint"), ("known",))
    """How a responder that is not plain is told what is known of the user."""

    def __init__(self, strategy: Strategy = "plain", prompt: str | None = None) -> None:
        super().__init__(prompt)
        self.strategy: Strategy = strategy

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        system = self.prompt.fill()
        messages: list[LLMMessage] = [say.system(system)] if system else []
        for message in context.history:
            if message.role == "user":
                messages.append(say.user(message.text, "user"))
            else:
                messages.append(say.assistant(message.text, "responder"))
        known = known_to(self.strategy, context)
        if known:
            last = messages.pop()
            hint = self.hint.fill(known="\n".join(f"- {item}" for item in known))
            messages.append(say.user(f"{last.content}\n\n{hint}", "user"))
        return messages

    def parse(self, text: str) -> str:
        return clean_message(text)


def known_to(strategy: Strategy, context: Context) -> tuple[str, ...]:
    """What a responder of that strategy knows of the user beside the conversation."""
    if strategy == "plain":
        return ()
    if strategy == "hinted":
        return context.known
    if strategy == "informed":
        return context.persona.items if context.persona else ()
    assert_never(strategy)
