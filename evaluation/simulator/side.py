"""side: what is counted of one side of a card, the simulated users or the people, conversation by conversation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interalign.agents.speech import says_goodbye, words
from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.elicitation import questions
from interalign.evaluation.simulator.talks import Talk
from interalign.sim.health import faults_of

__all__ = ["FAULTS", "LONGEST", "WINDOW", "Side", "count_side", "moving_ratio"]

# N conversations, L lengths, V words
Array = NDArray[np.float64]

WINDOW = 50
"""Words of the window of the moving-average type-token ratio."""
LONGEST = 300
"""Words of a message that are told apart; longer ones count as this."""
FAULTS = ("role_flips", "echoes", "empty", "over_long", "third_person", "stage_directions")
REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class Side:
    """Counts for each conversation. Rates over messages are sums over conversations, so that conversations can be drawn."""

    bootstrap: ClusterBootstrap
    messages_N: Array
    """Of the user."""
    lengths_NL: Array
    """How many messages of the user have 0, 1, 2, ... words."""
    asking_N: Array
    """Messages of the user with a question."""
    ratio_N: Array
    """Moving-average type-token ratio of what the user says; nan where it is shorter than the window."""
    goodbye_N: Array
    """1 where the user's last message takes leave."""
    faults_N: Mapping[str, Array]
    vocabulary: tuple[Counter[str], ...]

    def length_counts(self) -> Array:
        """How many messages have 0, 1, 2, ... words."""
        return self.lengths_NL.sum(axis=0)

    def turns_NT(self, most: int) -> Array:
        """Each conversation's number of user messages as a histogram."""
        table_NT = np.zeros((len(self.messages_N), most + 1))
        table_NT[np.arange(len(self.messages_N)), self.messages_N.astype(int)] = 1
        return table_NT

    def words_NV(self, known: Mapping[str, int]) -> Array:
        """How often each conversation's user says the known words; the last column is all other ones."""
        table_NV = np.zeros((len(self.vocabulary), len(known) + 1))
        for place, counts in enumerate(self.vocabulary):
            for word, count in counts.items():
                table_NV[place, known.get(word, len(known))] += count
        return table_NV


def count_side(talks: Sequence[Talk], unit: str = "profile", seed: int = 0) -> Side:
    """Go through all conversations once; `unit` says what those that are drawn together share."""
    said = [list(talk.said()) for talk in talks]
    spoken = [[words(history[-1].text) for history in one] for one in said]
    lengths_NL = np.zeros((len(talks), LONGEST + 1))
    for place, one in enumerate(spoken):
        np.add.at(lengths_NL[place], [min(len(message), LONGEST) for message in one], 1)
    faults = [Counter(fault for history in one for fault in faults_of(history)) for one in said]
    return Side(
        bootstrap=ClusterBootstrap([talk.cluster for talk in talks], seed, REPLICATES, unit),
        messages_N=np.array([len(one) for one in said], dtype=float),
        lengths_NL=lengths_NL,
        asking_N=np.array([sum(questions(history[-1].text) > 0 for history in one) for one in said], dtype=float),
        ratio_N=np.array([moving_ratio([word for message in one for word in message]) for one in spoken]),
        goodbye_N=np.array([float(says_goodbye(one[-1][-1].text)) for one in said]),
        faults_N={fault: np.array([counts[fault] for counts in faults], dtype=float) for fault in FAULTS},
        vocabulary=tuple(Counter(word for message in one for word in message) for one in spoken),
    )


def moving_ratio(said: Sequence[str], window: int = WINDOW) -> float:
    """MATTR: the mean, over all windows of so many words, of the share of different words in them; nan for a shorter text.

    Unlike the plain type-token ratio it does not depend on the length of the text (Covington and McFall, Cutting the Gordian
    Knot: The Moving-Average Type-Token Ratio, Journal of Quantitative Linguistics 17(2), 2010).
    """
    if len(said) < window:
        return float("nan")
    inside = Counter(said[:window])
    total = different = len(inside)
    for old, new in zip(said, said[window:], strict=False):
        inside[new] += 1
        different += inside[new] == 1
        inside[old] -= 1
        different -= inside[old] == 0
        total += different
    return total / window / (len(said) - window + 1)
