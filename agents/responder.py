"""responder: the side that is to adapt. Candidates of one turn come from several of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.prompts import Prompt, load_prompt
from interalign.agents.role import Role
from interalign.agents.user import clean_message

__all__ = ["Responder", "Strategy"]

Strategy = Literal["plain", "hinted"]


class Responder(Role[str]):
    """Answers the user. `hinted` sees what the inducer has found so far, `plain` sees the conversation alone.

    Both share the prompt up to the last user message: the hint comes after the history and is not kept in it.
    """

    name = "responder"
    parameters: Mapping[str, Any] = {"temperature": 0.8}

    def __init__(self, strategy: Strategy = "plain", prompt: str | None = None) -> None:
        self.strategy: Strategy = strategy
        self.system = Prompt(load_prompt("responder") if prompt is None else prompt, ()).fill()
        self.hint = Prompt(load_prompt("hint"), ("known",))

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        messages: list[LLMMessage] = [say.system(self.system)] if self.system else []
        for message in context.history:
            if message.role == "user":
                messages.append(say.user(message.text, "user"))
            else:
                messages.append(say.assistant(message.text, "responder"))
        if self.strategy == "hinted" and context.known:
            last = messages.pop()
            hint = self.hint.fill(known="\n".join(f"- {item}" for item in context.known))
            messages.append(say.user(f"{last.content}\n\n{hint}", "user"))
        return messages

    def parse(self, text: str) -> str:
        return clean_message(text)
