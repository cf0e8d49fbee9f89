"""simulator: how human is the simulated user? Its messages, alone or beside those of people."""

from interalign.evaluation.simulator.card import Card, Distance, simulator_card
from interalign.evaluation.simulator.page import render_card
from interalign.evaluation.simulator.portrait import Portrait
from interalign.evaluation.simulator.tables import card_grids, card_sentences
from interalign.evaluation.simulator.talks import Talk, read_talks, talks_of

__all__ = [
    "Card",
    "Distance",
    "Portrait",
    "Talk",
    "card_grids",
    "card_sentences",
    "read_talks",
    "render_card",
    "simulator_card",
    "talks_of",
]
