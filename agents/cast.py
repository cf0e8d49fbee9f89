"""cast: which role is played by which model in one kind of conversation."""

from dataclasses import dataclass

from interalign.agents.judges import Judge
from interalign.agents.role import Agent
from interalign.errors import ConfigError

__all__ = ["Candidate", "Cast"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One responder of a turn."""

    name: str
    """Stands in the tree; unique in its cast."""
    agent: Agent[str]
    strategy: str = "plain"
    """How it answers; a `hinted` one waits for the inducer, whatever its role does with the hint."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who takes part."""

    user: Agent[str]
    responders: tuple[Candidate, ...]
    inducer: Agent[tuple[str, ...]] | None = None
    """None: nothing is induced, and hinted responders get no hint."""
    judge: Judge | None = None
    """None: replies stay unjudged, for a later `rejudge`."""

    def __post_init__(self) -> None:
        names = [candidate.name for candidate in self.responders]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"a cast needs responders with names of their own, not {names}")
