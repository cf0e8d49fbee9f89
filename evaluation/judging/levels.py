"""levels: what a judge makes of the curves: how each responder fares at turn 1, 2, ... along the branch that was continued.

Two kinds, for every judge and responder:
- wins: the share of comparisons at turn k that its reply wins, a tie being half a win. All judges have it, in one unit, so it can
  be compared between judges.
- scores: AL(k), the mean score of its replies, for judges that score single replies. Each judge has a unit of its own (cosines,
  nats, 1 to 5): compare shapes (N-IR, R2), not heights.

Replies that were not drawn to continue the conversation answer the same history as the one that was, so they count, too: each
responder has a value at each turn, the last one included.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from interalign.agents import Outcome
from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.curves import curve_of
from interalign.evaluation.figures import Curve, Estimate
from interalign.graphs import ConversationTree, Node

__all__ = ["Array", "Exchange", "curves", "exchanges", "means", "responder", "verdict_scores", "win_gap", "wins"]

Array = NDArray[np.float64]
_REPLICATES = 2000
_WORTH: dict[Outcome, float | None] = {"a": 1.0, "b": 0.0, "tie": 0.5, "unscored": None}

Exchange = tuple[int, Node, list[Node]]
"""The number of the conversation, a message of the user on its continued branch, and the replies to it."""
Reader = Callable[[ConversationTree, Node, Sequence[Node]], list[float]]
"""From a reply and its siblings by others to some values, none where nothing is known."""


def responder(reply: Node) -> str:
    """What a reply's author is called here."""
    return reply.agent or reply.strategy or reply.model or "unnamed"


def exchanges(trees: Sequence[ConversationTree]) -> list[Exchange]:
    """Along the continued branch of each tree, in order."""
    return [
        (number, user, tree.children(user.id))
        for number, tree in enumerate(trees)
        for user in tree.main_path()
        if user.role == "user"
    ]


def means(name: str, read: Reader, trees: Sequence[ConversationTree], places: Sequence[Exchange]) -> Array:
    """The mean of what is read of the responder's replies, (conversations, turns); nan where there is nothing."""
    turns = max((user.turn for _, user, _ in places), default=0)
    table_NK = np.full((len(trees), turns), np.nan)
    for number, user, replies in places:
        own = [reply for reply in replies if responder(reply) == name]
        others = [reply for reply in replies if responder(reply) != name]
        found = [value for reply in own for value in read(trees[number], reply, others)]
        if found:
            table_NK[number, user.turn - 1] = float(np.mean(found))
    return table_NK


def wins(judge: str) -> Reader:
    """Reads how a reply came out of its comparisons."""

    def read(tree: ConversationTree, reply: Node, others: Sequence[Node]) -> list[float]:
        found = [tree.verdict(reply.id, other.id, judge) for other in others]
        values = [_WORTH[verdict.outcome] for verdict in found if verdict is not None]
        return [value for value in values if value is not None]

    return read


def verdict_scores(judge: str) -> Reader:
    """Reads a reply's scores out of the verdicts of a judge that keeps some there."""

    def read(tree: ConversationTree, reply: Node, others: Sequence[Node]) -> list[float]:
        found = (tree.verdict(reply.id, other.id, judge) for other in others)
        return [verdict.scores[0] for verdict in found if verdict is not None and verdict.scores is not None]

    return read


def curves(tables: Mapping[str, Array], trees: Sequence[ConversationTree]) -> dict[str, Curve]:
    """A curve for each responder that has values; intervals by conversation."""
    bootstrap = _bootstrap(trees)
    return {name: curve_of(table, bootstrap) for name, table in tables.items() if not np.isnan(table).all()}


def win_gap(first_NK: Array, second_NK: Array, trees: Sequence[ConversationTree]) -> Estimate:
    """How much more of its comparisons a responder wins with the first judge than with the second, where both scored."""
    gap_NK = first_NK - second_NK
    if np.isnan(gap_NK).all():
        return Estimate(value=None, note="nothing was scored by both")
    return curve_of(gap_NK, _bootstrap(trees), sparse=True).average


class _ByConversation(ClusterBootstrap):
    """Draws whole conversations; what is wrong with their number is said of conversations."""

    def interval(self, draws_B: Array) -> tuple[float, float] | str:
        found = super().interval(draws_B)
        return found.replace("profile", "conversation") if isinstance(found, str) else found


def _bootstrap(trees: Sequence[ConversationTree]) -> ClusterBootstrap:
    return _ByConversation([str(number) for number in range(len(trees))], replicates=_REPLICATES)
