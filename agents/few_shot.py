"""few_shot: the shipped roles for models of a few hundred million parameters, which follow examples, not instructions.

Used by the embedded demo. Larger models do better with `UserAgent`, `Inducer` and `Responder`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.embedder import embed
from interalign.agents.inducer import is_nothing
from interalign.agents.responder import Strategy, known_to
from interalign.agents.role import Role
from interalign.agents.user import clean_message

__all__ = ["FewShotInducer", "FewShotResponder", "FewShotUser"]

_KNOWN_SHOWN = 2
_HISTORY_SHOWN = 3


def _shots(system: str, examples: Sequence[tuple[str, str]]) -> list[LLMMessage]:
    """A system message and examples as turns that have been played already."""
    messages: list[LLMMessage] = [say.system(system)]
    for asked, answered in examples:
        messages.append(say.user(asked, "example"))
        messages.append(say.assistant(answered, "example"))
    return messages


class FewShotUser(Role[str]):
    """Turns the planned fact or trait into a chat message; needs `disclosure = "planned"`.

    Without a plan it tells the persona's facts in their order.
    """

    name = "user"
    parameters: Mapping[str, Any] = {"temperature": 0.4, "stop": ["\n"]}
    shots = tuple(
        _shots(
            "You retell a note as a short message to a friend. Say what the note says, in the first person.",
            (
                (
                    "Note: I keep six hens behind the garage.",
                    "Guess what, my six hens behind the garage are laying again!",
                ),
                (
                    "Note: Long answers make me stop reading.",
                    "Keep it short, please. Long answers make me stop reading.",
                ),
                (
                    "Note: My sister drives a night bus in Leeds.",
                    "My sister is out driving her night bus in Leeds again.",
                ),
                ("Note: I laugh at my own jokes first.", "I am already laughing at my own joke, I always do."),
            ),
        )
    )

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        assert context.persona is not None, "the user agent plays a persona"
        facts = context.persona.facts
        note = context.disclose or facts[(context.turn - 1) % len(facts)]
        return [*self.shots, say.user(f"Note: {note}", "note")]

    def parse(self, text: str) -> str:
        return clean_message(text)


class FewShotInducer(Role[tuple[str, ...]]):
    """Says in a line what the newest message tells about the user. Sees that message alone."""

    name = "inducer"
    parameters: Mapping[str, Any] = {"temperature": 0.0}
    shots = tuple(
        _shots(
            "Write in one short line what the message tells about the user.",
            (
                ("Guess what, my six hens behind the garage are laying again!", "The user keeps six hens."),
                ("Not much to say today.", "nothing"),
                ("Keep it short, please. Long answers make me stop reading.", "The user likes short answers."),
                ("My sister is out driving her night bus in Leeds again.", "The user's sister drives a night bus."),
            ),
        )
    )

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        return [*self.shots, say.user(context.history[-1].text, "user")]

    def parse(self, text: str) -> tuple[str, ...]:
        line = text.strip().splitlines()[0] if text.strip() else ""
        return () if is_nothing(line) else (line,)


class FewShotResponder(Role[str]):
    """Answers in a sentence. The hinted one sees the latest things known about the user in brackets, the informed one those
    of the whole persona that are nearest to the last message.

    Sees the last messages alone: from a longer history so small a model copies itself.
    """

    name = "responder"
    parameters: Mapping[str, Any] = {"temperature": 0.6, "stop": ["\n", "("], "repeat_penalty": 1.1}
    shots: Mapping[str, tuple[LLMMessage, ...]] = {
        "plain": tuple(
            _shots(
                "You are a friend who answers in one short sentence.",
                (
                    ("I keep six hens behind the garage.", "That is lovely. How is your day going?"),
                    ("What a day.", "Oh no, what happened?"),
                ),
            )
        ),
        "hinted": tuple(
            _shots(
                "You are a friend who answers in one short sentence and shows that you know the person.",
                (
                    (
                        "I keep six hens behind the garage. (Known: The user keeps six hens.)",
                        "Six hens, lovely! How many eggs do you get?",
                    ),
                    (
                        "What a day. (Known: The user's sister drives a night bus.)",
                        "Is it about your sister and her night bus?",
                    ),
                ),
            )
        ),
    }

    def __init__(self, strategy: Strategy = "plain") -> None:
        super().__init__()
        self.strategy: Strategy = strategy

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        messages = list(self.shots["plain" if self.strategy == "plain" else "hinted"])
        for message in context.history[-_HISTORY_SHOWN:]:
            messages.append(say.user(message.text) if message.role == "user" else say.assistant(message.text))
        known = known_to(self.strategy, context)
        if known:
            shown = _nearest(known, context.history[-1].text) if self.strategy == "informed" else known[-_KNOWN_SHOWN:]
            messages[-1] = say.user(f"{context.history[-1].text} (Known: {' '.join(shown)})", "user")
        return messages

    def parse(self, text: str) -> str:
        return clean_message(text)


def _nearest(items: tuple[str, ...], text: str) -> list[str]:
    """The few of the items that are most like the text, in their order."""
    vectors = embed([text, *items])
    similar = vectors[1:] @ vectors[0]
    chosen = sorted(similar.argsort(kind="stable")[-_KNOWN_SHOWN:])
    return [items[place] for place in chosen]
