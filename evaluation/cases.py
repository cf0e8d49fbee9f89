"""cases: whose conversations an evaluation consists of, and whose persona a conversation is held against under persona-swap.

The shipped cases are the 100 held-out personas, in an order in which each profile comes once before any comes again: the first 20
cases have all profiles, and fewer cases are the beginning of more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from interalign.agents import Persona, Personality, read_personas, shipped_personas
from interalign.errors import ConfigError
from interalign.evaluation.config import EvaluateSection
from interalign.evaluation.results import CaseInfo
from interalign.graphs import Flip
from interalign.sim.flipping import flip_of

__all__ = ["Case", "case_ids", "cases_of", "fingerprint", "flips_of", "swapped"]

_ORDER_SEED = 0
"""Of the cases' order; not the run's seed, so that two evaluations with different seeds have the same cases."""


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation to be had with each model."""

    id: str
    persona: Persona
    """Whom the user agent plays."""

    @property
    def info(self) -> CaseInfo:
        """What the results say of it. Personas that share a profile have ids that are equal up to the `+`."""
        return CaseInfo(id=self.id, persona=self.persona.id, profile=self.persona.id.partition("+")[0])


def cases_of(section: EvaluateSection) -> list[Case]:
    """The cases of an evaluation, in order.

    Raises:
        ConfigError, MissingError: the persona file cannot be used, or has too few.
    """
    personas = _pool(section)
    if section.cases > len(personas):
        where = repr(section.personas) if section.personas else "the held-out pool"
        raise ConfigError(
            f"evaluate.cases = {section.cases}, but {where} has {len(personas)} personas; set evaluate.cases = {len(personas)}"
        )
    return [Case(_id(place), persona) for place, persona in enumerate(personas[: section.cases])]


def case_ids(section: EvaluateSection) -> list[str]:
    """The ids that any number of cases of this pool can have, in order."""
    return [_id(place) for place in range(len(_pool(section)))]


def _id(place: int) -> str:
    return f"case{place:04d}"


def fingerprint(section: EvaluateSection) -> str:
    """A hash of the whole pool that the cases are the beginning of: a folder is not continued with other personas."""
    digest = hashlib.sha256()
    for persona in _pool(section):
        digest.update(persona.model_dump_json().encode())
    return digest.hexdigest()


def _pool(section: EvaluateSection) -> list[Persona]:
    if section.personas is None:
        return shipped_personas(100, _ORDER_SEED, pool="heldout")
    return read_personas(Path(section.personas).expanduser())


def swapped(cases: Sequence[Case]) -> dict[str, Persona]:
    """For each case, by id, the persona of another one: with other facts and other traits, and no persona given twice.

    Raises:
        ConfigError: the cases have no such permutation.
    """
    partner = _turned(cases) or _matched(cases)
    if partner is None:
        raise ConfigError(
            f"persona-swap needs cases that can be exchanged for others with another profile and another personality; "
            f"these {len(cases)} cannot: raise evaluate.cases, or leave the control out"
        )
    return {case.id: cases[partner[place]].persona for place, case in enumerate(cases)}


def _unlike(one: Case, other: Case) -> bool:
    return one.persona.facts != other.persona.facts and one.persona.traits != other.persona.traits


def _turned(cases: Sequence[Case]) -> list[int] | None:
    """Everybody's partner is the one so many places further on, in a circle: the smallest number that fits."""
    places = range(len(cases))
    for step in range(1, len(cases)):
        if all(_unlike(cases[place], cases[(place + step) % len(cases)]) for place in places):
            return [(place + step) % len(cases) for place in places]
    return None


def _matched(cases: Sequence[Case]) -> list[int] | None:
    """Partners by a matching of cases with personas; both are numbers, so that equal cases give the same matching."""
    import networkx as nx

    count = len(cases)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(2 * count))
    graph.add_edges_from(
        (a, count + b) for a, one in enumerate(cases) for b, other in enumerate(cases) if _unlike(one, other)
    )
    found = nx.bipartite.hopcroft_karp_matching(graph, range(count))
    return [found[place] - count for place in range(count)] if all(place in found for place in range(count)) else None


def flips_of(cases: Sequence[Case], section: EvaluateSection) -> dict[str, Flip | None]:
    """For each case, by id, when its user changes, and to the personality of which other case; None where `flip_at` is not set.

    Raises:
        ConfigError: all cases share one personality.
    """
    if section.flip_at is None:
        return dict.fromkeys((case.id for case in cases), None)
    pool = {one.traits: Personality(id=one.id.partition("+")[2] or one.id, traits=one.traits) for one in _pool(section)}
    if len(pool) < 2:
        raise ConfigError("evaluate.flip_at needs another personality to flip to, and the cases share one")
    return {
        case.id: flip_of(case.persona, section.flip_at, tuple(pool.values()), section.seed, case.id) for case in cases
    }
