"""policies: which candidate replies a conversation goes on from.

`Walk` and `Full` draw by seed alone, before a reply is written, so nothing waits for a judge. `Beam` and `BestFirst` are led
by the verdicts, so each round waits for those of the round before.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, Protocol

from interalign.errors import ConfigError

__all__ = ["Beam", "BestFirst", "Full", "Guided", "Leaf", "Policy", "Walk"]


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


class Leaf(NamedTuple):
    """A reply that nobody has answered yet."""

    id: str
    turn: int
    value: float | None
    """Mean of the judge's scores along its branch (see `Stage.value`); None where nothing on it could be judged."""


class Guided(ABC):
    """Chooses by what the judge made of the replies."""

    @abstractmethod
    def choose(self, leaves: Sequence[Leaf], turn: int) -> list[str]:
        """The ids of the leaves to go on from, of all that are left; `turn` is the deepest that has been played."""

    @abstractmethod
    def rounds(self, turns: int) -> int:
        """How many times it chooses in a tree of at most `turns` turns."""

    @abstractmethod
    def branches(self, turns: int, candidates: int) -> int:
        """How many user messages such a tree holds, at the most."""


@dataclass(frozen=True, slots=True)
class Beam(Guided):
    """Each turn goes on from the `width` best replies of the turn before, whatever branches they end."""

    width: int = 2

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ConfigError(f"a beam needs width >= 1, not {self.width}")

    def choose(self, leaves: Sequence[Leaf], turn: int) -> list[str]:
        return [leaf.id for leaf in _best([leaf for leaf in leaves if leaf.turn == turn])[: self.width]]

    def rounds(self, turns: int) -> int:
        return turns

    def branches(self, turns: int, candidates: int) -> int:
        return sum(min(self.width, candidates**turn) for turn in range(turns))


@dataclass(frozen=True, slots=True)
class BestFirst(Guided):
    """Goes on from the best reply of the whole tree, `messages` user messages long: depth where it pays, breadth where not."""

    messages: int = 20

    def __post_init__(self) -> None:
        if self.messages < 1:
            raise ConfigError(f"a best-first tree needs messages >= 1, not {self.messages}")

    def choose(self, leaves: Sequence[Leaf], turn: int) -> list[str]:
        return [leaf.id for leaf in _best(leaves)[:1]]

    def rounds(self, turns: int) -> int:
        return self.messages

    def branches(self, turns: int, candidates: int) -> int:
        return min(self.messages, sum(candidates**turn for turn in range(turns)))


def _best(leaves: Sequence[Leaf]) -> list[Leaf]:
    """The most valued first, those without a value last; equal ones in the order of the tree."""
    return sorted(leaves, key=lambda leaf: (leaf.value is None, -(leaf.value or 0.0), leaf.turn, leaf.id))
