"""persona_writer: invents people who are unlike those it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.drafts import Draft, read_drafts
from interalign.agents.prompts import Prompt
from interalign.agents.role import Role

__all__ = ["DraftContext", "FewShotWriter", "PersonaWriter"]

_RULES = {
    "profile": (
        "facts of their daily life",
        "Let them differ in age, country, work or the lack of it, family, interests, health and means. Nobody famous, no "
        "clichés. Each fact is one thing, makes sense alone and could be mentioned to a friend: a place, a habit, a person, "
        "something owned, cooked, played, planned or worried about. Nothing about character.",
    ),
    "personality": (
        "traits of how they chat",
        "Let them differ in length, warmth, humour, directness and pace. Each trait can be heard in a chat: how they write, "
        "how they take advice, praise, jokes and contradiction, what pleases or annoys them in a reply. No jobs, places, "
        "families or hobbies.",
    ),
}
_PROMPT = """\
Here are $shown people, one on each line, in $what that they say themselves:

$examples

Invent $count more, as unlike these and each other as you can. $rules

Write $items sentences about each, in the first person. Put each person on one line, and number the lines."""


@dataclass(frozen=True, slots=True)
class DraftContext(Context):
    """What a writer is asked for."""

    kind: Literal["profile", "personality"] = "profile"
    examples: tuple[Draft, ...] = ()
    """Members of the pool, which new ones are to differ from."""
    count: int = 1
    """How many new ones are wanted."""
    items: str = "8 to 10"
    """How many facts or traits each is to have, in words."""


class PersonaWriter(Role[tuple[Draft, ...]]):
    """Sees a few members of the pool and writes a list of new ones. An answer without a list is no error, but an empty one."""

    name = "writer"
    parameters: Mapping[str, Any] = {"temperature": 0.8}

    def __init__(self, prompt: str | None = None) -> None:
        names = ("shown", "what", "examples", "count", "rules", "items")
        self.prompt = Prompt(_PROMPT if prompt is None else prompt, names)

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        assert isinstance(context, DraftContext), "a writer is shown members of a pool"
        what, rules = _RULES[context.kind]
        text = self.prompt.fill(
            shown=str(len(context.examples)),
            what=what,
            examples="\n".join(f"{place}. {_line(draft)}" for place, draft in enumerate(context.examples, 1)),
            count=str(context.count),
            rules=rules,
            items=context.items,
        )
        return [say.user(text, "pool")]

    def parse(self, text: str) -> tuple[Draft, ...]:
        return read_drafts(text)


class FewShotWriter(Role[tuple[Draft, ...]]):
    """Writes one person, after the manner of examples in turns played already: for models that follow no instructions."""

    name = "writer"
    parameters: Mapping[str, Any] = {"temperature": 0.7, "max_tokens": 240, "repeat_penalty": 1.1, "stop": ["\n"]}

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        assert isinstance(context, DraftContext), "a writer is shown members of a pool"
        what, _ = _RULES[context.kind]
        messages: list[LLMMessage] = [say.system(f"You invent people. Each tells {what} in short sentences.")]
        for draft in context.examples:
            messages += [say.user("Invent another person.", "pool"), say.assistant(_line(draft), "writer")]
        return [*messages, say.user("Invent another person.", "pool")]

    def parse(self, text: str) -> tuple[Draft, ...]:
        return read_drafts(text)


def _line(draft: Draft) -> str:
    return " ".join(" ".join(draft).split())
