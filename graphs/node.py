"""node: one message of a conversation tree, and what is read off two of them."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from interalign.agents import Message, Persona, Verdict

__all__ = ["DEFAULTS", "Flip", "Label", "Node", "Pair", "order"]

Label = Literal["chosen", "rejected", "tie", "unscored"]


@dataclass(frozen=True, slots=True)
class Node:
    """One message of a tree."""

    id: str
    role: Literal["user", "assistant"]
    text: str
    turn: int
    """From 1; a reply has the turn of the message it answers."""
    agent: str = ""
    """Who spoke: the name in the cast."""
    model: str = ""
    strategy: str = ""
    """Replies: plain, hinted or a name of the user's own."""
    continued: bool = False
    """Replies: whether the conversation went on from here. User messages always count as continued."""
    disclose: str | None = None
    """User messages: what the plan had the user bring up here."""
    induced: tuple[str, ...] | None = None
    """User messages: what the inducer found new in it; None where nobody looked."""
    tokens: int = 0
    """Length of the completion that this is, as its engine counts."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A preferred and a rejected reply to the same history."""

    history: tuple[Message, ...]
    chosen: Node
    rejected: Node
    verdict: Verdict


class Flip(NamedTuple):
    """A change of the user's preferences in the middle of a conversation."""

    turn: int
    """The first turn at which the user is the new persona, from 2."""
    persona: Persona


DEFAULTS: dict[str, Any] = {
    key: value for key, value in asdict(Node("", "user", "", 0)).items() if key not in ("id", "role", "text", "turn")
}
"""The fields that a tree keeps only where they say something else."""


def order(id: str) -> tuple[int, ...]:
    """Sorts ids as the messages stand in the tree: 0.2 before 0.10."""
    return tuple(int(part) for part in id.split("."))
