"""context: what a role may look at when it writes its prompt. Plain data; one class for all roles."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from interalign.agents.persona import Persona

__all__ = ["Context", "Message"]


class Message(NamedTuple):
    """One line of a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """The conversation as seen from one place of the tree.

    The dialogue machine fills in what the role at hand is allowed to see: a plain responder gets no persona.
    """

    history: tuple[Message, ...] = ()
    """The branch up to here, user first."""
    persona: Persona | None = None
    """The whole persona, for roles that play, read or judge it."""
    turn: int = 1
    """From 1: how many user messages the branch has, the one to be written now included."""
    turns: int = 1
    """How many turns the conversation is planned to have."""
    disclose: str | None = None
    """The fact or trait that the user is to bring up now; None leaves it to the user agent."""
    inductions: tuple[tuple[str, ...], ...] = ()
    """What the inducer found new at each former turn of this branch."""
    known: tuple[str, ...] = ()
    """Everything induced so far, this turn included: the hint of a hinted responder."""
    replies: tuple[str, ...] = ()
    """The replies under judgement."""

    def without_persona(self) -> "Context":
        """The same place, seen by somebody who does not know the user."""
        return replace(self, persona=None, disclose=None)
