"""check: how good a pool is: how many, how long, how similar to each other and to other files, how evenly spread.

Profiles and personalities are looked at apart; of whole personas each profile and each personality once. The effective number of
clusters is the Vendi score with the cosine as similarity (Friedman and Dieng, 2023): the exponential of the entropy of the
eigenvalues of the similarity matrix divided by its size. It is 1 for copies of one text, and n for n texts that have nothing to
do with each other (as long as that is fewer than the embedding has dimensions). For an attribute, whose values are the same or
not, it is the exponential of the entropy of their shares.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interalign.agents import Persona, Personality, Profile
from interalign.agents.pool import Pool, shipped_halves
from interalign.sim.personas.embedders import Embedder, EmbedderConfig, make_embedder
from interalign.sim.personas.filter import SimilarityFilter, similarity
from interalign.sim.personas.halves import Half, Kind, Person, distinct, items_of, read_people, text_of
from interalign.sim.personas.screening import fingerprint

__all__ = [
    "Group",
    "Near",
    "Overlap",
    "Part",
    "Report",
    "check",
    "check_with",
    "effective_number",
    "read_pools",
    "shipped_pools",
]

Vectors = NDArray[np.float32]

_NEAREST = 5
_PRODUCTS = 1 << 24
"""How many are held at a time."""


@dataclass(frozen=True, slots=True)
class Near:
    """Two that are similar."""

    first: Half
    second: Half
    similarity: float


@dataclass(frozen=True, slots=True)
class Part:
    """The profiles or the personalities of one file."""

    name: str
    people: Sequence[Half]
    vectors: Vectors
    nearest: NDArray[np.float32]
    """For each its similarity to the most similar other one of the part."""
    pairs: tuple[Near, ...]
    """The most similar pairs."""
    above: int
    """How many pairs the filter would not have let in together."""
    repeated: tuple[str, ...]
    """Sentences that more than one has."""
    clusters: float
    """Their effective number."""
    attributes: dict[str, Counter[str]]

    @property
    def items(self) -> list[int]:
        """How many facts or traits each has."""
        return [len(items_of(half)) for half in self.people]

    @property
    def words(self) -> list[int]:
        """How many words each fact or trait has."""
        return [len(item.split()) for half in self.people for item in items_of(half)]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two parts of the same kind."""

    first: str
    second: str
    pairs: tuple[Near, ...]
    above: int
    shared: tuple[str, ...]
    """Sentences that both have."""


@dataclass(frozen=True, slots=True)
class Group:
    """All profiles, or all personalities, that were checked."""

    kind: Kind
    parts: tuple[Part, ...]
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True, slots=True)
class Report:
    groups: tuple[Group, ...]
    threshold: float

    @property
    def clean(self) -> bool:
        """Whether nothing is too similar and no sentence stands twice."""
        parts = [part for group in self.groups for part in group.parts]
        overlaps = [overlap for group in self.groups for overlap in group.overlaps]
        return not any(part.above or part.repeated for part in parts) and not any(
            one.above or one.shared for one in overlaps
        )


def read_pools(files: Sequence[Path]) -> dict[str, list[Half]]:
    """The profiles and personalities of each file, under names that tell the files apart.

    Raises:
        ConfigError, MissingError: a file is no pool.
    """
    names = [file.name if [other.name for other in files].count(file.name) == 1 else str(file) for file in files]
    return {name: _halves(read_people(file)) for name, file in zip(names, files, strict=True)}


def shipped_pools() -> dict[str, list[Half]]:
    """The personas that ship with interalign."""
    pools: tuple[Pool, ...] = ("train", "heldout")
    return {pool: [half for halves in shipped_halves(pool) for half in halves] for pool in pools}


def _halves(people: Sequence[Person]) -> list[Half]:
    whole = [person for person in people if isinstance(person, Persona)]
    apart = [person for person in people if not isinstance(person, Persona)]
    return [*apart, *(half for halves in distinct(whole) for half in halves)]


async def check(pools: dict[str, list[Half]], threshold: float, embedder: Embedder) -> Report:
    """Compare everybody with everybody.

    Raises:
        CallError: the embedder's endpoint does not answer.
    """
    groups: list[Group] = []
    kinds: tuple[tuple[Kind, type[Half]], ...] = (("profile", Profile), ("personality", Personality))
    for kind, form in kinds:
        parts: list[Part] = []
        for name, people in pools.items():
            own = [half for half in people if isinstance(half, form)]
            if own:
                parts.append(_part(name, own, await embedder.embed([text_of(half) for half in own]), threshold))
        if parts:
            pairs = [(one, other) for place, one in enumerate(parts) for other in parts[place + 1 :]]
            groups.append(Group(kind, tuple(parts), tuple(_overlap(one, other, threshold) for one, other in pairs)))
    return Report(tuple(groups), threshold)


async def check_with(config: EmbedderConfig, pools: dict[str, list[Half]], threshold: float) -> Report:
    """The same with the embedder that a config names, opened and closed."""
    embedder = make_embedder(config)
    try:
        return await check(pools, threshold, embedder)
    finally:
        await embedder.close()


def _part(name: str, people: Sequence[Half], vectors: Vectors, threshold: float) -> Part:
    nearest = np.full(len(people), -1.0, dtype=np.float32)
    for start, near_BN in _products(vectors, vectors):
        near_BN[np.arange(len(near_BN)), np.arange(start, start + len(near_BN))] = -1
        nearest[start : start + len(near_BN)] = near_BN.max(axis=1)
    places, above = _compare(vectors, vectors, threshold, within=True)
    pairs = tuple(Near(people[one], people[other], value) for one, other, value in places)
    said = {fingerprint(item): item for half in people for item in items_of(half)}
    sentences = Counter(mark for half in people for mark in {fingerprint(item) for item in items_of(half)})
    repeated = tuple(said[mark] for mark, count in sentences.items() if count > 1)
    counted = {key: _histogram(people, key) for key in dict.fromkeys(key for half in people for key in half.attributes)}
    return Part(name, people, vectors, nearest, pairs, above, repeated, _vendi(vectors), counted)


def _overlap(one: Part, other: Part, threshold: float) -> Overlap:
    places, above = _compare(one.vectors, other.vectors, threshold, within=False)
    pairs = tuple(Near(one.people[left], other.people[right], value) for left, right, value in places)
    said = {fingerprint(item): item for half in one.people for item in items_of(half)}
    marks = dict.fromkeys(fingerprint(item) for half in other.people for item in items_of(half))
    return Overlap(one.name, other.name, pairs, above, tuple(said[mark] for mark in marks if mark in said))


def _compare(one: Vectors, other: Vectors, threshold: float, within: bool) -> tuple[list[tuple[int, int, float]], int]:
    """The most similar pairs with their similarities, and how many are above the threshold; exactly, as the filter has it."""
    error = SimilarityFilter(threshold, one.shape[1]).error
    best: list[tuple[int, int, float]] = []
    above = 0
    for start, near_BN in _products(one, other):
        if within:
            near_BN[np.arange(near_BN.shape[1]) <= np.arange(start, start + len(near_BN))[:, None]] = -np.inf
        above += int((near_BN > threshold + error).sum())
        edge = np.argwhere(np.abs(near_BN - threshold) <= error)
        above += sum(similarity(one[start + row], other[column]) > threshold for row, column in edge)
        best += _largest(near_BN, start)
    top = sorted(best, key=lambda pair: -pair[2])[:_NEAREST]
    return [(left, right, similarity(one[left], other[right])) for left, right, _ in top], above


def _products(one: Vectors, other: Vectors) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """All inner products, some rows of `one` at a time, with the number of the first."""
    rows = max(1, _PRODUCTS // max(1, len(other)))
    for start in range(0, len(one), rows):
        yield start, one[start : start + rows] @ other.T


def _largest(near_BN: NDArray[np.float32], start: int) -> Iterator[tuple[int, int, float]]:
    flat = near_BN.ravel()
    count = min(_NEAREST, len(flat))
    for place in np.argpartition(flat, len(flat) - count)[len(flat) - count :] if count else ():
        row, column = divmod(int(place), near_BN.shape[1])
        if np.isfinite(flat[place]):
            yield start + row, column, float(flat[place])


def _histogram(people: Sequence[Half], key: str) -> Counter[str]:
    """How often each value occurs; numbers in tens."""
    values = (half.attributes.get(key, "(none)") for half in people)
    return Counter(
        f"{value // 10 * 10}-{value // 10 * 10 + 9}" if isinstance(value, int) else value for value in values
    )


def _vendi(vectors: Vectors) -> float:
    """See the module. The eigenvalues of X X' / n and X' X / n are the same but for zeros; the latter is the smaller matrix."""
    wide = vectors.astype(np.float64)
    values = np.asarray(np.linalg.eigvalsh(wide.T @ wide / len(wide)), dtype=np.float64)
    return effective_number(values[values > 0])


def effective_number(weights: NDArray[np.float64]) -> float:
    """The exponential of the entropy of positive weights: how many equal ones would be as diverse. 0 for none."""
    if not len(weights):
        return 0.0
    shares = weights / weights.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
