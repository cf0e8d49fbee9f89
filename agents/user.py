"""user: the simulated person. Sees the whole persona and lets the other side find out bit by bit."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.prompts import Prompt, load_prompt
from interalign.agents.role import Role
from interalign.errors import ParseError

__all__ = ["UserAgent", "clean_message"]

_OPENING = "(The chat is open. Write your first message.)"
_STAGE_DIRECTION = re.compile(r" ?(?<![*\w])\*(?![*\s])[^*\n]{1,200}(?<![*\s])\*(?![*\w])")
_SPEAKER = re.compile(
    r"\A[\s*]*(?:me|user|you|my message|message|friend|assistant)(?:\s*:\*\*\s*|\*\*\s*:\s*|\s*:\s*)", re.IGNORECASE
)


class UserAgent(Role[str]):
    """Plays a persona in a chat with a friend; answers with the person's next message."""

    name = "user"
    parameters: Mapping[str, Any] = {"temperature": 0.8}
    prompt = Prompt(load_prompt("user"), ("profile", "personality"))

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        assert context.persona is not None, "the user agent plays a persona"
        system = self.prompt.fill(
            profile="\n".join(context.persona.facts), personality="\n".join(context.persona.traits)
        )
        messages: list[LLMMessage] = [say.system(system), say.user(_OPENING, "friend")]
        for message in context.history:
            if message.role == "user":
                messages.append(say.assistant(message.text, "user"))
            else:
                messages.append(say.user(message.text, "friend"))
        if context.disclose is not None:
            last = messages.pop()
            cue = f"{last.content}\n\n(In your next message, let this come out: {context.disclose})"
            messages.append(say.user(cue, "friend"))
        return messages

    def parse(self, text: str) -> str:
        return clean_message(text)


def clean_message(text: str) -> str:
    """A chat message without a leading speaker's name and without stage directions.

    Raises:
        ParseError: nothing is left.
    """
    spoken = _SPEAKER.sub("", text, count=1)
    without = _STAGE_DIRECTION.sub("", spoken).strip()
    message = without or spoken.strip()
    if not message:
        raise ParseError("the reply is empty")
    return message
