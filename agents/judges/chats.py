"""chats: a conversation as a chat of a judging model's own, in which the replies would be its messages."""

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.prompts import Prompt, load_prompt

__all__ = ["FRIEND_OF", "chat_of", "informed_chat"]

FRIEND_OF = Prompt(load_prompt("friend_of"), ("profile", "personality"))
"""The system message that tells who the person is."""


def informed_chat(context: Context) -> list[LLMMessage]:
    """The chat of somebody who knows the persona."""
    assert context.persona is not None, "a judge knows the persona it judges for"
    persona = context.persona
    return chat_of(context, FRIEND_OF.fill(profile=persona.profile, personality=persona.personality))


def chat_of(context: Context, told: str) -> list[LLMMessage]:
    """The chat after the system message `told`."""
    history: list[LLMMessage] = [
        say.user(message.text) if message.role == "user" else say.assistant(message.text) for message in context.history
    ]
    return [say.system(told), *history]
