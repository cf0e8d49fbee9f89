"""orders: what a judge said with one reply shown first, and with the other, and what both come to."""

from collections import Counter

from interalign.agents import Outcome, Verdict
from interalign.evaluation.judging.answers import Asked

__all__ = ["by_order", "settled"]


def settled(asked: Asked) -> Outcome:
    """The outcome that counts: where the card had to ask for the other order, both orders must agree, or it is a tie."""
    first, second = asked.forward.outcome, (asked.backward or asked.forward).outcome
    if "unscored" in (first, second):
        return "unscored"
    return first if first == second else "tie"


def by_order(verdict: Verdict, backward: Verdict | None = None) -> tuple[Outcome, Outcome] | None:
    """The outcomes with a shown first, and with b shown first; None where only one order was asked."""
    if backward is not None:
        return verdict.outcome, backward.outcome
    orders = {vote.order for vote in verdict.votes if not vote.judge}  # people are different judges, not orders of one
    if orders != {"ab", "ba"}:
        return None
    return _most(verdict, "ab"), _most(verdict, "ba")


def _most(verdict: Verdict, order: str) -> Outcome:
    """What most of the readable votes in an order say; a tie where two say it equally often."""
    outcomes: list[Outcome] = [
        vote.outcome for vote in verdict.votes if vote.order == order and vote.outcome != "unscored"
    ]
    if not outcomes:
        return "unscored"
    counts = Counter(outcomes).most_common(2)
    return "tie" if len(counts) > 1 and counts[0][1] == counts[1][1] else counts[0][0]
