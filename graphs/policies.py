"""policies: which candidate replies of a turn the conversation goes on from."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from interalign.errors import ConfigError

__all__ = ["Full", "Policy", "Walk"]


class Policy(Protocol):
    """Chooses from the seed alone, before the candidates are written: nothing waits for a reply that is not continued."""

    def continued(self, turn: int, candidates: int, draw: Random) -> Sequence[int]:
        """The numbers of the candidates (0 to candidates - 1) that turn `turn` goes on from; at least one."""
        ...

    def branches(self, turns: int, candidates: int) -> int:
        """How many user messages a tree of that many turns holds."""
        ...


@dataclass(frozen=True, slots=True)
class Walk:
    """One candidate, drawn at random, continues the conversation; the others stay as leaves (the paper's way)."""

    def continued(self, turn: int, candidates: int, draw: Random) -> Sequence[int]:
        return (draw.randrange(candidates),)

    def branches(self, turns: int, candidates: int) -> int:
        return turns


@dataclass(frozen=True, slots=True)
class Full:
    """The first `depth` turns go on from `width` candidates each, drawn at random; later turns from one."""

    width: int = 2
    depth: int = 3

    def __post_init__(self) -> None:
        if self.width < 1 or self.depth < 0:
            raise ConfigError(
                f"a full tree needs width >= 1 and depth >= 0, not width {self.width}, depth {self.depth}"
            )

    def continued(self, turn: int, candidates: int, draw: Random) -> Sequence[int]:
        width = self.width if turn <= self.depth else 1
        if width > candidates:
            raise ConfigError(f"width {width} is more than the {candidates} responders of the cast; add responders")
        return sorted(draw.sample(range(candidates), width))

    def branches(self, turns: int, candidates: int) -> int:
        return sum(self.width ** min(turn, self.depth) for turn in range(turns))
