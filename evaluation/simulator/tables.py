"""tables: a card in tables, the same on the terminal and on the page."""

from collections.abc import Iterator, Sequence

from interalign.evaluation.figures import Estimate
from interalign.evaluation.report.tables import Grid
from interalign.evaluation.report.texts import number, short, with_interval
from interalign.evaluation.simulator.card import Card, Distance
from interalign.evaluation.simulator.portrait import Portrait
from interalign.evaluation.simulator.side import FAULTS, WINDOW

__all__ = ["card_grids", "card_sentences"]


def card_sentences(card: Card) -> Iterator[str]:
    """What the card is made of."""
    one = card.simulated
    yield f"simulated: {one.conversations:,} conversations ({one.clusters:,} profiles), {one.messages:,} messages of the user"
    if card.people is not None:
        yield f"people: {card.people.conversations:,} conversations, {card.people.messages:,} messages of the user"


def card_grids(card: Card) -> Iterator[Grid]:
    """All tables that have something in them."""
    sides = [card.simulated] if card.people is None else [card.simulated, card.people]
    columns = ("measure", "simulated", "people")[: len(sides) + 1]
    notes = dict.fromkeys(side.words.note for side in sides if side.words.note)
    rows = (*_portraits(sides), *_faults(sides))
    yield Grid("portrait", "What the user says", columns, rows, tuple(f"No interval: {note}." for note in notes))
    if card.distances:
        columns = ("simulated beside people", "measured in", "how far", "two halves of the people")
        yield Grid("distances", "Distances", columns, tuple(_distance(one) for one in card.distances), texts=2)
    if card.simulated.disclosed:
        shares = card.simulated.disclosed
        turns = tuple(str(turn) for turn in range(1, len(shares) + 1))
        row = ("share of the facts", *(number(share) for share in shares))
        yield Grid("disclosure", "Disclosed by turn", ("turn", *turns), (row,))
    if card.simulated.stops:
        stops = tuple((short(reason, 80), f"{count:,}") for reason, count in list(card.simulated.stops.items())[:10])
        yield Grid("stops", "Conversations that ended early", ("reason", "count"), stops)


def _portraits(sides: Sequence[Portrait]) -> Iterator[tuple[str, ...]]:
    yield "words of a message", *(with_interval(side.words, 1) for side in sides)
    yield "10 %, 50 %, 90 % of them", *(" / ".join(str(end) for end in side.spread) for side in sides)
    yield "messages with a question", *(_share(side.asking) for side in sides)
    yield f"variety of words (MATTR, {WINDOW} words)", *(with_interval(side.variety) for side in sides)
    yield "messages in a conversation", *(with_interval(side.turns, 1) for side in sides)
    yield "conversations that end with a goodbye", *(_share(side.goodbye) for side in sides)


def _faults(sides: Sequence[Portrait]) -> Iterator[tuple[str, ...]]:
    for fault in FAULTS:
        yield f"messages: {fault.replace('_', ' ')}", *(_share(side.faults[fault]) for side in sides)


def _share(estimate: Estimate) -> str:
    """In percent."""
    if estimate.value is None:
        return with_interval(estimate)
    ends = [f"{end:.1%}" for end in (estimate.low, estimate.high) if end is not None]
    return f"{estimate.value:.1%}" + (f" [{', '.join(ends)}]" if ends else "")


def _distance(one: Distance) -> tuple[str, ...]:
    return one.name, one.unit, with_interval(one.value, 3), number(one.halves, 3)
