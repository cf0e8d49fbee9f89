"""card: how human is the simulated user? What its messages are like, and how far that is from people.

A simulator that answers everything, at length and in one manner is easier to talk with than people are, and a model that shines
with it may not with them. Intervals come from drawing conversations, those of one profile together.

A distance is never below zero and grows with noise: each stands beside what two random halves of the people are apart. Drawing adds
noise once more, so that replicates lie higher than the distance itself; its interval is theirs, moved to have its middle there.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from interalign.agents.seeds import generator
from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.curves import estimate, undefined
from interalign.evaluation.figures import Estimate
from interalign.evaluation.simulator.distances import jensen_shannon, wasserstein
from interalign.evaluation.simulator.portrait import Portrait, portrait_of, ratio_draws
from interalign.evaluation.simulator.side import Side, count_side
from interalign.evaluation.simulator.talks import Talk

__all__ = ["Card", "Distance", "simulator_card"]

# N conversations
Array = NDArray[np.float64]

_VOCABULARY = 2000
_SPLITS = 20


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Distance(_Record):
    """How far the simulated side is from people."""

    name: str
    unit: str
    value: Estimate
    halves: float | None = None
    """The same between random halves of the people; None for differences, which may be zero anyway."""


class Card(_Record):
    """What `interalign simulator card` measures."""

    simulated: Portrait
    people: Portrait | None = None
    distances: tuple[Distance, ...] = ()


def simulator_card(simulated: Sequence[Talk], people: Sequence[Talk] | None = None) -> Card:
    """The card of simulated conversations, alone or beside those of people."""
    one = count_side(simulated)
    if not people:
        return Card(simulated=portrait_of(one, simulated))
    other = count_side(people, "conversation", seed=1)
    return Card(
        simulated=portrait_of(one, simulated),
        people=portrait_of(other, people),
        distances=tuple(_distances(one, other, people)),
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    """Histograms of one side."""

    bootstrap: ClusterBootstrap
    table_NL: Array


def _distances(one: Side, other: Side, people: Sequence[Talk]) -> list[Distance]:
    most = int(max(one.messages_N.max(), other.messages_N.max()))
    known = _known(one, other)
    tables: dict[tuple[str, str], tuple[Callable[..., Array], Callable[[Side], Array]]] = {
        ("length of messages", "words, Wasserstein"): (wasserstein, lambda side: side.lengths_NL),
        ("length of conversations", "messages, Wasserstein"): (wasserstein, lambda side: side.turns_NT(most)),
        ("choice of words", "bits, Jensen-Shannon"): (jensen_shannon, lambda side: side.words_NV(known)),
    }
    found = [
        _apart(name, unit, measure, _Sample(one.bootstrap, table(one)), _Sample(other.bootstrap, table(other)))
        for (name, unit), (measure, table) in tables.items()
    ]
    return found + _differences(one, other)


def _known(one: Side, other: Side) -> Mapping[str, int]:
    """The most frequent words of both sides, each side counting the same."""
    shares: Counter[str] = Counter()
    for side in (one, other):
        counts = sum(side.vocabulary, Counter[str]())
        total = max(1, counts.total())
        for word, count in counts.items():
            shares[word] += count / total  # type: ignore[assignment]
    return {word: place for place, (word, _) in enumerate(shares.most_common(_VOCABULARY))}


def _apart(name: str, unit: str, measure: Callable[..., Array], one: _Sample, other: _Sample) -> Distance:
    value = float(measure(one.table_NL.sum(axis=0), other.table_NL.sum(axis=0)))
    if np.isnan(value):
        return Distance(name=name, unit=unit, value=undefined("nothing is said"))
    draws_B = measure(one.bootstrap.totals(one.table_NL), other.bootstrap.totals(other.table_NL))
    fewest = min(one.bootstrap, other.bootstrap, key=lambda bootstrap: bootstrap.count)
    centred = estimate(value, draws_B - np.nanmean(draws_B) + value, fewest)
    if centred.low is not None:
        centred = centred.model_copy(update={"low": max(0.0, centred.low)})
    return Distance(name=name, unit=unit, value=centred, halves=_halves(measure, other.table_NL))


def _halves(measure: Callable[..., Array], table_NL: Array) -> float | None:
    """The mean distance between random halves of the people."""
    count = len(table_NL)
    if count < 4:
        return None
    draw = generator(0, "halves of a card")
    found: list[float] = []
    for _ in range(_SPLITS):
        half = draw.sample(range(count), count // 2)
        inside = np.zeros(count, dtype=bool)
        inside[half] = True
        found.append(float(measure(table_NL[inside].sum(axis=0), table_NL[~inside].sum(axis=0))))
    return float(np.nanmean(found)) if not np.isnan(found).all() else None


def _differences(one: Side, other: Side) -> list[Distance]:
    """Simulated minus people, of what is a share or a mean."""
    parts: dict[tuple[str, str], Callable[[Side], tuple[Array, Array]]] = {
        ("messages with a question", "difference of shares"): lambda side: (side.asking_N, side.messages_N),
        ("variety of words", "difference of MATTR"): lambda side: (
            np.nan_to_num(side.ratio_N),
            (~np.isnan(side.ratio_N)).astype(float),
        ),
        ("conversations that end with a goodbye", "difference of shares"): lambda side: (
            side.goodbye_N,
            np.ones_like(side.goodbye_N),
        ),
        ("messages with a role flip", "difference of shares"): lambda side: (
            side.faults_N["role_flips"],
            side.messages_N,
        ),
    }
    fewest = min(one.bootstrap, other.bootstrap, key=lambda bootstrap: bootstrap.count)
    return [
        Distance(name=name, unit=unit, value=_difference(*part(one), *part(other), one, other, fewest))
        for (name, unit), part in parts.items()
    ]


def _difference(
    part_N: Array,
    whole_N: Array,
    part_M: Array,
    whole_M: Array,
    one: Side,
    other: Side,
    fewest: ClusterBootstrap,
) -> Estimate:
    if not whole_N.sum() or not whole_M.sum():
        return undefined("too few words")
    value = part_N.sum() / whole_N.sum() - part_M.sum() / whole_M.sum()
    draws_B = ratio_draws(one.bootstrap, part_N, whole_N) - ratio_draws(other.bootstrap, part_M, whole_M)
    return estimate(value, draws_B, fewest)
