"""inference: ask a model aside what it knows of its user by now. The answer does not become part of the conversation."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.models import LLMMessage

from interalign.agents import Context, Role
from interalign.agents import messages as say
from interalign.agents.inducer import is_nothing
from interalign.agents.prompts import Prompt

__all__ = ["ProfileInference"]

_QUESTION = """Before we go on: what do you know about me by now? Write one thing on each line, in a short sentence that begins \
with "You". Write only what I have told or shown you in this chat. If that is nothing, write "nothing"."""
_BULLET = re.compile(r"\A\s*(?:[-*•]|\d+[.)])\s+")


class ProfileInference(Role[tuple[str, ...]]):
    """Plays the evaluated model once more, at the end of the conversation so far; answers with its claims, one a line."""

    name = "inference"
    parameters: Mapping[str, Any] = {"temperature": 0.0, "max_tokens": 512}
    prompt = Prompt(_QUESTION, ())

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        messages: list[LLMMessage] = []
        for message in context.history:
            if message.role == "user":
                messages.append(say.user(message.text, "user"))
            else:
                messages.append(say.assistant(message.text, "responder"))
        return [*messages, say.user(self.prompt.fill(), "user")]

    def parse(self, text: str) -> tuple[str, ...]:
        lines = (_BULLET.sub("", line).strip() for line in text.splitlines())
        return tuple(dict.fromkeys(line for line in lines if not is_nothing(line)))
