"""inducer: reads along and says which parts of the persona the conversation has given away so far."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context, Message
from interalign.agents.prompts import Prompt, load_prompt
from interalign.agents.role import Role

__all__ = ["Inducer", "is_nothing"]

_NOTHING = re.compile(r"\W*(nothing\b.*|none\W*|n/a\W*|no new\b.*)", re.IGNORECASE)
_BULLET = re.compile(r"\A\s*(?:[-*•]|\d+[.)])\s+")


def is_nothing(line: str) -> bool:
    """Whether an inducer's line says that there is no news."""
    return not line.strip() or _NOTHING.fullmatch(line) is not None


class Inducer(Role[tuple[str, ...]]):
    """Sees the persona and the dialogue; answers with what the newest message disclosed, one item a line.

    Only the news of each turn is asked for: the union over the turns of a branch is the induced persona, so that
    a turn costs a line and the prompt of one turn begins with the prompt and the answer of the turn before.
    """

    name = "inducer"
    parameters: Mapping[str, Any] = {"temperature": 0.0}
    prompt = Prompt(load_prompt("inducer"), ("items",))

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        assert context.persona is not None, "the inducer compares the dialogue with a persona"
        items = "\n".join(f"- {item}" for item in context.persona.items)
        messages: list[LLMMessage] = [say.system(self.prompt.fill(items=items))]
        for turn, lines in enumerate(_by_turn(context.history)):
            messages.append(say.user(lines, "dialogue"))
            if turn < len(context.inductions):
                found = "\n".join(context.inductions[turn]) or "nothing"
                messages.append(say.assistant(found, "inducer"))
        return messages

    def parse(self, text: str) -> tuple[str, ...]:
        lines = (_BULLET.sub("", line).strip() for line in text.splitlines())
        return tuple(dict.fromkeys(line for line in lines if not is_nothing(line)))


def _by_turn(history: Sequence[Message]) -> list[str]:
    """One text for each user message, led by the friend's reply that it answers."""
    texts: list[str] = []
    reply = ""
    for message in history:
        if message.role == "assistant":
            reply = f"Friend: {message.text}\n\n"
        else:
            texts.append(f"{reply}The person: {message.text}")
            reply = ""
    return texts
