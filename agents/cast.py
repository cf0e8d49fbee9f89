"""cast: which role is played by which model in one kind of conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interalign.agents.judges import Judge
from interalign.agents.role import Agent, Performer
from interalign.errors import ConfigError

__all__ = ["Candidate", "Cast"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One responder of a turn."""

    name: str
    """Stands in the tree; unique in its cast."""
    agent: Agent[str] | Performer[str]
    strategy: str = "plain"
    """How it answers, and what it is shown: `hinted` waits for the inducer and sees what it has found, `informed` sees the
    whole persona, `plain` and any name of your own see the conversation alone."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who takes part."""

    user: Agent[str]
    responders: tuple[Candidate, ...]
    inducer: Agent[tuple[str, ...]] | None = None
    """None: nothing is induced, and hinted responders get no hint."""
    judge: Judge | None = None
    """None: replies stay unjudged, for a later `rejudge`."""
    extras: Mapping[str, Agent[Any]] = field(default_factory=dict)
    """Agents that nodes of your own ask, by name (see `Stage.ask`)."""

    def __post_init__(self) -> None:
        names = [candidate.name for candidate in self.responders]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"a cast needs responders with names of their own, not {names}")
